{{ config(materialized='table') }}

-- What the currency of each company is in the currency of the group: at the end of each period, and on its average day.
with wanted as (

    select
        period.division,
        period.financial_year,
        period.financial_period,
        period.first_day,
        -- A period that is in no calendar, such as 13, ends with the last one before it.
        coalesce(period.last_day, max(period.last_day) over (
            partition by period.division order by period.period_key rows between unbounded preceding and current row
        )) as last_day,
        company.currency
    from {{ ref('exact_online__periods') }} as period
    inner join {{ ref('stg_exact_online__divisions') }} as company on company.division = period.division

),

days as (

    select
        wanted.division,
        wanted.financial_year,
        wanted.financial_period,
        rate.rate,
        case when rate.valid_from <= wanted.last_day and (rate.valid_until is null or rate.valid_until > wanted.last_day)
            then rate.rate end as closing_rate,
        {{ dbt.datediff(
            'greatest(rate.valid_from, coalesce(wanted.first_day, wanted.last_day))',
            'least(coalesce(rate.valid_until, ' ~ dbt.dateadd('day', 1, 'wanted.last_day') ~ '), ' ~ dbt.dateadd('day', 1, 'wanted.last_day') ~ ')',
            'day'
        ) }} as days
    from wanted
    inner join {{ ref('int_exact_online__rates') }} as rate
        on rate.from_currency = wanted.currency and rate.to_currency = '{{ var('exact_online_group_currency', 'EUR') }}'
        and rate.valid_from <= wanted.last_day
        and (rate.valid_until is null or rate.valid_until > coalesce(wanted.first_day, wanted.last_day))

),

averaged as (

    select division, financial_year, financial_period, max(closing_rate) as closing_rate,
        sum(rate * days) / sum(days) as average_rate
    from days
    group by 1, 2, 3

)

{%- set own %}wanted.currency = '{{ var('exact_online_group_currency', 'EUR') }}'{% endset %}
select
    wanted.division,
    wanted.financial_year,
    wanted.financial_period,
    wanted.currency,
    cast(case when {{ own }} then 1 else averaged.closing_rate end as {{ exact_online.decimal(18, 9) }}) as closing_rate,
    cast(case when {{ own }} then 1 else averaged.average_rate end as {{ exact_online.decimal(18, 9) }}) as average_rate
from wanted
left join averaged
    on averaged.division = wanted.division and averaged.financial_year = wanted.financial_year
        and averaged.financial_period = wanted.financial_period
