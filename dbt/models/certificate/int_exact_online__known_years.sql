-- Every company, with every year that its lines or Exact's balances know; one row without a year where nothing knows any.
with years as (

    select distinct division, financial_year
    from (
        select division, financial_year from {{ ref('int_exact_online__movements') }}
        union all
        select division, financial_year from {{ ref('int_exact_online__balances') }}
    ) as known

),

companies as (

    select distinct division
    from (
        select division from {{ ref('stg_exact_online__divisions') }}
        union all
        select division from years
    ) as known

)

select
    companies.division,
    years.financial_year
from companies
left join years on years.division = companies.division
    {%- if var('exact_online_years', []) %} and years.financial_year in ({{ var('exact_online_years') | join(', ') }}){% endif %}
