-- What the accounts stand at, at the end of each period, and what the result accounts hold that no closing has booked yet, of the
-- year and of those before it. The entries that carry a year over to the next are left out: balances run on without them.
with booked as (

    select
        balance.division, balance.financial_year, balance.financial_period,
        sum(balance.opened + balance.net) as net, sum(balance.closing) as closing
    from {{ ref('exact_online__trial_balance') }} as balance
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = balance.division and chart.gl_account_id = balance.gl_account_id
            and chart.statement = 'profit_and_loss'
    group by balance.division, balance.financial_year, balance.financial_period

),

results as (

    select
        booked.*,
        sum(net) over (
            partition by division, financial_year order by financial_period
            rows between unbounded preceding and current row
        ) as of_the_year
    from booked

),

balances as (

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
        results.division, null, null, parts.name, null, null, results.financial_year, results.financial_period,
        'equity_and_liabilities', 'equity', 'Equity', 'Eigen vermogen', 210, null, null,
        case when parts.is_of_the_year = 1 then results.of_the_year else results.closing - results.of_the_year end
    from results
    cross join (
        select 1 as is_of_the_year, 'Result for the year' as name union all select 0, 'Result of previous years'
    ) as parts

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
        and coalesce(before.gl_account_id, before.gl_account_name) = coalesce(balances.gl_account_id, balances.gl_account_name)
        and coalesce(before.cost_center_code, '') = coalesce(balances.cost_center_code, '')
        and coalesce(before.cost_unit_code, '') = coalesce(balances.cost_unit_code, '')
        and {{ exact_online.period_key('before') }} = period.period_key_last_year
