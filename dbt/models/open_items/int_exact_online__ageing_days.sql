{{ config(materialized='table') }}

-- The days on which ages are told: every month end since a company's first booking on a control account, and today.
with bounds as (

    select
        division,
        min(entry_date) as first_day
    from {{ ref('int_exact_online__control_movements') }}
    group by division

),

digits as (
    {% for digit in range(10) %}
    select {{ digit }} as digit
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

months as (

    select
        bounds.division,
        cast({{ dbt.last_day(dbt.dateadd('month', 'ones.digit + 10 * tens.digit + 100 * hundreds.digit', 'bounds.first_day'), 'month') }} as date) as as_of
    from bounds
    cross join digits as ones
    cross join digits as tens
    cross join digits as hundreds

)

select
    division,
    as_of,
    false as is_today
from months
where as_of < {{ exact_online.today() }}

union all

select
    division,
    {{ exact_online.today() }} as as_of,
    true as is_today
from bounds
