-- Budgets with income positive. Whether Exact's own are signed as the ledger is, or are all positive, is not known: what is
-- planned on accounts of the credit side tells, company by company. Of several scenarios the one with the highest code counts.
with planned as (

    select
        budget.*,
        account.balance_side,
        sum(case when account.balance_side = 'C' then budget.amount_dc else 0 end)
            over (partition by budget.division) as credit_side,
        max(budget.budget_scenario_code) over (partition by budget.division, budget.reporting_year) as scenario
    from {{ ref('stg_exact_online__budgets') }} as budget
    left join {{ ref('stg_exact_online__gl_accounts') }} as account
        on account.division = budget.division and account.id = budget.gl_account

)

select
    division,
    gl_account as gl_account_id,
    {{ exact_online.dimension('cost_center') | replace('cost_center_code', 'costcenter') }} as cost_center_code,
    {{ exact_online.dimension('cost_unit') | replace('cost_unit_code', 'costunit') }} as cost_unit_code,
    reporting_year as financial_year,
    reporting_period as financial_period,
    sum(case when credit_side <= 0 or balance_side = 'D' then -amount_dc else amount_dc end) as amount
from planned
where coalesce(budget_scenario_code, '') = coalesce(scenario, '')
group by 1, 2, 3, 4, 5, 6
