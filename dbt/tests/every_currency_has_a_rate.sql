{{ config(severity='warn') }}

-- Without a rate a company has no amounts in the currency of its group.
select distinct division, financial_year, financial_period, currency, group_currency
from {{ ref('exact_online__consolidation') }}
where group_amount is null
