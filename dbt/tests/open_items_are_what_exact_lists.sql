{{ config(severity='warn') }}

-- Exact's lists of what is open hold what our terms do, be it in the currency of the invoice or in the company's, whatever the sign.
with listed as (

    select division, 'receivable' as kind, currency_code as currency, amount, 0 as own, 0 as own_fc
    from {{ ref('stg_exact_online__receivables_list') }}
    union all
    select division, 'payable', currency_code, amount, 0, 0
    from {{ ref('stg_exact_online__payables_list') }}
    union all
    select division, kind, currency, 0, amount, amount_fc
    from {{ ref('exact_online__open_items') }}
    where open_until is null

),

currencies as (

    select division, kind, currency, sum(amount) as amount, sum(own) as own, sum(own_fc) as own_fc
    from listed
    group by 1, 2, 3

)

select division, kind, sum(amount) as amount, sum(own) as own
from currencies
-- Only where a list was read.
where exists (
    select 1
    from {{ ref('exact_online__witnesses') }} as witness
    where witness.division = currencies.division and witness.witness = currencies.kind || 's'
)
group by division, kind
having least(
    abs(sum(amount) - sum(own)), abs(sum(amount) + sum(own)), sum(abs(amount - own_fc)), sum(abs(amount + own_fc))
) > {{ var('exact_online_tolerance', 0) }}
