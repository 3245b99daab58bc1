{{ exact_online.after_certificate() }}
-- In the company's currency; in that of the entry where it has only one.
select
    division,
    entry_id,
    sum(amount) as amount,
    case when min(currency) = max(currency) then sum(amount_fc) else 0 end as amount_fc
from {{ ref('exact_online__general_ledger') }}
where in_balance
group by division, entry_id
having abs(sum(amount)) > {{ var('exact_online_tolerance', 0) }}
    or (min(currency) = max(currency) and abs(sum(amount_fc)) > {{ var('exact_online_tolerance', 0) }})
