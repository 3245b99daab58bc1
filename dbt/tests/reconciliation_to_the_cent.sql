{{ exact_online.after_certificate() }}
-- The lines add up to what Exact says, group by group: none is missing, none is too many, none differs.
select *
from {{ ref('exact_online__reconciliation') }}
where verdict in ('missing_here', 'only_here', 'differs')
