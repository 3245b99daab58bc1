{{ config(materialized='table') }}

-- All lines once, added up as Exact's own balances are: whatever is told by period rests on these sums.
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
    min(gl_account_code) as gl_account_code,
    {{ exact_online.last_changed('line') }} as changed_at,
    max(loaded_at) as loaded_at
from {{ ref('stg_exact_online__transaction_lines') }} as line
group by 1, 2, 3, 4, 5, 6, 7, 8
