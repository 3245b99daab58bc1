-- The calendar of each company, and periods that were booked into without being in it, such as 0 and 13.
with calendar as (

    select
        division,
        fin_year as financial_year,
        fin_period as financial_period,
        min(start_date) as first_day,
        max(end_date) as last_day
    from {{ ref('stg_exact_online__financial_periods') }}
    group by 1, 2, 3

),

booked as (

    select
        division,
        financial_year,
        financial_period,
        max(case when transaction_type = 310 then 1 else 0 end) as closings
    from {{ ref('int_exact_online__booked') }}
    group by 1, 2, 3

),

periods as (

    select
        coalesce(calendar.division, booked.division) as division,
        coalesce(calendar.financial_year, booked.financial_year) as financial_year,
        coalesce(calendar.financial_period, booked.financial_period) as financial_period,
        calendar.first_day,
        calendar.last_day,
        booked.division is not null as is_booked,
        coalesce(booked.closings, 0) as closings
    from calendar
    full outer join booked
        on booked.division = calendar.division and booked.financial_year = calendar.financial_year
            and booked.financial_period = calendar.financial_period

),

-- A period that is in no calendar, such as 13, ends with the last one before it; where there is none, it begins with the next.
placed as (

    select
        periods.*,
        {{ exact_online.period_key() }} as period_key,
        coalesce(
            max(last_day) over (
                partition by division order by financial_year, financial_period
                rows between unbounded preceding and current row
            ),
            min(last_day) over (partition by division)
        ) as month_day,
        max(case
            when is_booked or {{ exact_online.is_current('first_day', 'last_day') }} then {{ exact_online.period_key() }}
        end) over (partition by division) as last_key
    from periods

),

dated as (

    select
        placed.*,
        cast(extract(year from month_day) * 100 + extract(month from month_day) as integer) as calendar_month
    from placed

),

-- Where years are of different lengths, numbers tell nothing: what stood a year before is in the period that ended then.
by_date as (

    select
        period.division,
        period.period_key,
        before.period_key as period_key_last_year,
        row_number() over (
            partition by period.division, period.period_key
            order by abs({{ dbt.datediff('before.last_day', 'period.last_day', 'day') }} - 365), before.period_key desc
        ) as place
    from dated as period
    inner join dated as before
        on before.division = period.division and before.period_key < period.period_key
            and {{ dbt.datediff('before.last_day', 'period.last_day', 'day') }} between 350 and 380

),

-- A year may have a period that the year before it has not, such as 13: what stood at the same time is in the last one before.
by_number as (

    select
        period.division,
        period.period_key,
        max(before.period_key) as period_key_last_year,
        max(case when before.last_day is not null then 1 else 0 end) as is_dated
    from dated as period
    inner join dated as before
        on before.division = period.division and before.financial_year = period.financial_year - 1
            and before.financial_period <= period.financial_period
    group by 1, 2

),

last_year as (

    select
        period.division,
        period.period_key,
        by_date.period_key_last_year is not null as is_by_date,
        case
            when by_date.period_key_last_year is not null then by_date.period_key_last_year
            when period.last_day is null or by_number.is_dated = 0 then by_number.period_key_last_year
        end as period_key_last_year
    from dated as period
    left join by_date
        on by_date.division = period.division and by_date.period_key = period.period_key and by_date.place = 1
    left join by_number on by_number.division = period.division and by_number.period_key = period.period_key

)

select
    periods.division,
    periods.financial_year,
    periods.financial_period,
    periods.period_key,
    last_year.period_key_last_year,
    last_year.is_by_date as is_last_year_by_date,
    periods.first_day,
    periods.last_day,
    periods.calendar_month,
    -- As far as the books go: of a month that has only begun, the last period may be still to come.
    periods.period_key = coalesce(
        max(case when periods.period_key <= periods.last_key then periods.period_key end)
            over (partition by periods.division, periods.calendar_month),
        max(periods.period_key) over (partition by periods.division, periods.calendar_month)
    ) as is_last_of_month,
    {{ dbt.datediff('periods.first_day', 'periods.last_day', 'day') }} + 1 as days,
    {{ dbt.datediff(
        'lag(periods.last_day) over (partition by periods.division order by periods.first_day, periods.last_day)',
        'periods.first_day', 'day'
    ) }} - 1 as days_missing_before,
    periods.first_day is not null as is_in_calendar,
    periods.is_booked,
    {{ exact_online.is_current('periods.first_day', 'periods.last_day') }} as is_current,
    max(periods.closings) over (partition by periods.division, periods.financial_year) = 1 as is_year_closed
from dated as periods
left join last_year
    on last_year.division = periods.division and last_year.period_key = periods.period_key
