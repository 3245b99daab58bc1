{{ exact_online.after_certificate() }}
-- The direct and the indirect way both: so they are equal to each other, too.
select
    division,
    financial_year,
    financial_period,
    method,
    sum(case activity when 'opening' then amount when 'closing' then -amount else 0 end) as change,
    sum(case when activity in ('opening', 'closing') then 0 else amount end) as flows
from {{ ref('exact_online__cash_flow') }}
group by division, financial_year, financial_period, method
having abs(sum(case activity when 'closing' then -amount else amount end)) > {{ var('exact_online_tolerance', 0) }}
