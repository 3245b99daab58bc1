{{ config(materialized='table') }}

-- The calendar of each company, and periods that were booked into without being in it, such as 0 and 13. It is a table, since all
-- that is told by period looks at it; so nothing here depends on what day it is.
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
        coalesce(
            max(last_day) over (
                partition by division order by financial_year, financial_period
                rows between unbounded preceding and current row
            ),
            min(last_day) over (partition by division)
        ) as month_day
    from periods

)

select
    division,
    financial_year,
    financial_period,
    {{ exact_online.period_key() }} as period_key,
    first_day,
    last_day,
    cast(extract(year from month_day) * 100 + extract(month from month_day) as integer) as calendar_month,
    {{ dbt.datediff('first_day', 'last_day', 'day') }} + 1 as days,
    {{ dbt.datediff('lag(last_day) over (partition by division order by first_day, last_day)', 'first_day', 'day') }} - 1
        as days_missing_before,
    first_day is not null as is_in_calendar,
    is_booked,
    max(closings) over (partition by division, financial_year) = 1 as is_year_closed
from placed
