{{ config(materialized='table') }}

-- All lines once, added up as Exact's own balances are: whatever is told by period rests on these sums.
with summed as (

    select
        division,
        financial_year,
        financial_period,
        gl_account as gl_account_id,
        type as transaction_type,
        status,
        cost_center as cost_center_code,
        cost_unit as cost_unit_code,
        sum(amount_dc) as amount,
        sum(case when amount_dc > 0 then amount_dc else 0 end) as debit,
        sum(case when amount_dc < 0 then -amount_dc else 0 end) as credit,
        count(*) as line_count,
        sum(case when amount_dc <> 0 then 1 else 0 end) as nonzero_count,
        count(distinct entry_id) as entry_count,
        max(modified) as modified_at,
        max(loaded_at) as loaded_at
    from {{ ref('stg_exact_online__transaction_lines') }}
    group by 1, 2, 3, 4, 5, 6, 7, 8

)

select
    summed.*,
    coalesce(kind.in_result, true) as in_result,
    coalesce(kind.in_balance, true) as in_balance
from summed
left join {{ ref('exact_online_transaction_types') }} as kind on kind.transaction_type = summed.transaction_type
