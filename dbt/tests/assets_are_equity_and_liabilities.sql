{{ exact_online.after_certificate() }}
select
    division,
    financial_year,
    financial_period,
    sum(case when side = 'assets' then amount else 0 end) as assets,
    sum(case when side = 'assets' then 0 else amount end) as equity_and_liabilities
from {{ ref('exact_online__balance_sheet') }}
group by division, financial_year, financial_period
having abs(sum(balance)) > {{ var('exact_online_tolerance', 0) }}
