{{ exact_online.after_certificate() }}
select division, financial_year, financial_period, sum(net) as net, sum(closing) as closing
from {{ ref('exact_online__trial_balance') }}
group by division, financial_year, financial_period
having abs(sum(opened)) > {{ var('exact_online_tolerance', 0) }} or abs(sum(net)) > {{ var('exact_online_tolerance', 0) }} or abs(sum(closing)) > {{ var('exact_online_tolerance', 0) }}
