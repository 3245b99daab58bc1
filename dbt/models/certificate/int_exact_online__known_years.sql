-- Every company, with every year that its lines or Exact's balances know; one row without a year where nothing knows any.
with years as (

    select division, financial_year
    from {{ ref('int_exact_online__movements') }}
    union
    select division, financial_year
    from {{ ref('int_exact_online__balances') }}

),

companies as (

    select division
    from {{ ref('stg_exact_online__divisions') }}
    union
    select division
    from years

)

select
    companies.division,
    years.financial_year
from companies
left join years on years.division = companies.division
    {%- if var('exact_online_years', []) %} and years.financial_year in ({{ var('exact_online_years') | join(', ') }}){% endif %}
