{{ config(severity='warn') }}

-- What was open on a day is the balance of the control accounts on that day: today, and at every month end.
select division, as_of, kind, sum(total) as total, sum(control_account) as control_account, sum(difference) as difference
from {{ ref('exact_online__ageing') }}
group by division, as_of, kind
having abs(sum(difference)) > {{ var('exact_online_tolerance', 0) }}
