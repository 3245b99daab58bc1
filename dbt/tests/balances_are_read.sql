{{ config(severity='warn') }}

-- Nothing can be said of what Exact's balances were not read for, or of what changed since they were.
select verdict, division, financial_year, count(*) as group_count
from {{ ref('exact_online__reconciliation') }}
where verdict in ('not_read', 'moving')
group by verdict, division, financial_year
