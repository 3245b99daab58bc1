-- What the accounts stand at, at the end of each period, and what the result accounts hold that no closing has booked yet. The
-- entries that carry a year over to the next are left out: balances run on without them.
with balances as (

    select
        balance.division,
        balance.gl_account_id,
        chart.gl_account_code,
        chart.gl_account_name,
        balance.cost_center_code,
        balance.cost_unit_code,
        balance.financial_year,
        balance.financial_period,
        chart.side,
        chart.section,
        chart.section_name,
        chart.section_name_nl,
        chart.section_order,
        chart.rgs_2,
        chart.rgs_3,
        balance.closing as balance
    from {{ ref('exact_online__trial_balance') }} as balance
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = balance.division and chart.gl_account_id = balance.gl_account_id
            and chart.statement = 'balance_sheet'
    union all
    select
        balance.division, null, null, 'Result not yet booked', null, null, balance.financial_year, balance.financial_period,
        'equity_and_liabilities', 'equity', 'Equity', 'Eigen vermogen', 210, null, null,
        sum(balance.closing)
    from {{ ref('exact_online__trial_balance') }} as balance
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = balance.division and chart.gl_account_id = balance.gl_account_id
            and chart.statement = 'profit_and_loss'
    group by balance.division, balance.financial_year, balance.financial_period

)

select
    balances.*,
    case when balances.side = 'assets' then balances.balance else -balances.balance end as amount,
    coalesce(case when balances.side = 'assets' then before.balance else -before.balance end, 0) as amount_last_year
from balances
left join {{ ref('exact_online__periods') }} as period
    on period.division = balances.division and period.financial_year = balances.financial_year
        and period.financial_period = balances.financial_period
left join balances as before
    on before.division = balances.division
        and coalesce(before.gl_account_id, '') = coalesce(balances.gl_account_id, '')
        and coalesce(before.cost_center_code, '') = coalesce(balances.cost_center_code, '')
        and coalesce(before.cost_unit_code, '') = coalesce(balances.cost_unit_code, '')
        and before.financial_year * 1000 + before.financial_period = period.period_key_last_year
