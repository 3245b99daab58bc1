{{ config(severity='warn') }}

-- Exact's balances of a closed year are read once a week. Where they are older, nobody looks at whether the lines still fit.
select division, financial_year, lines_read_at, balances_read_at
from {{ ref('exact_online__completeness') }}
where {{ dbt.datediff('balances_read_at', 'lines_read_at', 'day') }} > 8
