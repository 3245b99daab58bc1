-- The calendar of each company, and periods that lines were booked into without being in it, such as 0 and 13.
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
        sum(line_count) as line_count
    from {{ ref('int_exact_online__movements') }}
    group by 1, 2, 3

),

closed as (

    select distinct division, financial_year
    from {{ ref('int_exact_online__movements') }}
    where transaction_type = 310

),

periods as (

    select
        coalesce(calendar.division, booked.division) as division,
        coalesce(calendar.financial_year, booked.financial_year) as financial_year,
        coalesce(calendar.financial_period, booked.financial_period) as financial_period,
        calendar.first_day,
        calendar.last_day,
        coalesce(booked.line_count, 0) as line_count
    from calendar
    full outer join booked
        on booked.division = calendar.division and booked.financial_year = calendar.financial_year
            and booked.financial_period = calendar.financial_period

)

select
    periods.division,
    periods.financial_year,
    periods.financial_period,
    periods.financial_year * 1000 + periods.financial_period as period_key,
    periods.first_day,
    periods.last_day,
    cast(extract(year from periods.last_day) * 100 + extract(month from periods.last_day) as integer) as calendar_month,
    {{ dbt.datediff('periods.first_day', 'periods.last_day', 'day') }} + 1 as days,
    {{ dbt.datediff(
        'lag(periods.last_day) over (partition by periods.division order by periods.first_day, periods.last_day)',
        'periods.first_day', 'day'
    ) }} - 1 as days_missing_before,
    periods.first_day is not null as is_in_calendar,
    coalesce(
        cast({{ exact_online.now() }} as date) between periods.first_day and periods.last_day, false
    ) as is_current,
    closed.division is not null as is_year_closed,
    periods.line_count
from periods
left join closed on closed.division = periods.division and closed.financial_year = periods.financial_year
