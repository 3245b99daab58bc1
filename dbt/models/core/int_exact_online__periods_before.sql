{{ config(materialized='table') }}

-- Which period was the same a year before. It is a table: each period is compared with all before it, and whatever looks at periods
-- would do so again.
with by_date as (

    -- Where years are of different lengths, numbers tell nothing: what stood a year before is in the period that ended then.
    select
        period.division,
        period.period_key,
        before.period_key as period_key_last_year,
        row_number() over (
            partition by period.division, period.period_key
            order by abs({{ dbt.datediff('before.last_day', 'period.last_day', 'day') }} - 365), before.period_key desc
        ) as place
    from {{ ref('int_exact_online__dated_periods') }} as period
    inner join {{ ref('int_exact_online__dated_periods') }} as before
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
    from {{ ref('int_exact_online__dated_periods') }} as period
    inner join {{ ref('int_exact_online__dated_periods') }} as before
        on before.division = period.division and before.financial_year = period.financial_year - 1
            and before.financial_period <= period.financial_period
    group by 1, 2

)

select
    period.division,
    period.period_key,
    case
        when by_date.period_key_last_year is not null then by_date.period_key_last_year
        when period.last_day is null or by_number.is_dated = 0 then by_number.period_key_last_year
    end as period_key_last_year,
    by_date.period_key_last_year is not null as is_by_date
from {{ ref('int_exact_online__dated_periods') }} as period
left join by_date
    on by_date.division = period.division and by_date.period_key = period.period_key and by_date.place = 1
left join by_number on by_number.division = period.division and by_number.period_key = period.period_key
