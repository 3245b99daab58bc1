-- The periods of each company, each beside the one that was the same a year before. A view, since it says in which one today is.
with placed as (

    select
        dated.*,
        {{ exact_online.is_current('first_day', 'last_day') }} as is_current,
        max(case
            when is_booked or {{ exact_online.is_current('first_day', 'last_day') }} then period_key
        end) over (partition by division) as last_key
    from {{ ref('int_exact_online__dated_periods') }} as dated

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
    periods.days,
    periods.days_missing_before,
    periods.is_in_calendar,
    periods.is_booked,
    periods.is_current,
    periods.is_year_closed
from placed as periods
left join {{ ref('int_exact_online__periods_before') }} as last_year
    on last_year.division = periods.division and last_year.period_key = periods.period_key
