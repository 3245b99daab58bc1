{{ config(materialized='table') }}

-- What became of cash, told twice. Indirect: the result, and how the other accounts of the balance sheet moved. Direct: what
-- stands opposite cash in the entries that touch it. Both add up to the change of cash, since every entry sums to zero.
with lines as (

    select
        line.division, line.financial_year, line.financial_period, line.entry_id, line.amount,
        chart.cash_flow_activity as activity, chart.cash_flow_category as category
    from {{ ref('exact_online__general_ledger') }} as line
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = line.division and chart.gl_account_id = line.gl_account_id
    where line.in_result
    {%- if var('exact_online_status', 'after_entry') == 'processed' %} and line.status = 50{% endif %}

),

flows as (

    select 'direct' as method, division, financial_year, financial_period, activity, category, -sum(amount) as amount
    from lines
    where activity <> 'cash'
        and exists (
            select 1 from lines as cash
            where cash.division = lines.division and cash.entry_id = lines.entry_id and cash.activity = 'cash'
        )
    group by 2, 3, 4, 5, 6
    union all
    select 'indirect', balance.division, balance.financial_year, balance.financial_period, chart.cash_flow_activity,
        chart.cash_flow_category, -sum(balance.net_before_closing)
    from {{ ref('exact_online__trial_balance') }} as balance
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = balance.division and chart.gl_account_id = balance.gl_account_id
    where chart.cash_flow_activity <> 'cash'
    group by 2, 3, 4, 5, 6
    union all
    select method.method, balance.division, balance.financial_year, balance.financial_period, ends.activity, 'cash',
        sum(case when ends.activity = 'opening' then balance.opening else balance.closing end)
    from {{ ref('exact_online__trial_balance') }} as balance
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = balance.division and chart.gl_account_id = balance.gl_account_id
            and chart.cash_flow_activity = 'cash'
    cross join (select 'direct' as method union all select 'indirect') as method
    cross join (select 'opening' as activity union all select 'closing') as ends
    group by 1, 2, 3, 4, 5

)

select
    division,
    financial_year,
    financial_period,
    method,
    activity,
    category,
    case activity when 'opening' then 1 when 'operating' then 2 when 'investing' then 3 when 'financing' then 4 else 5 end
        as activity_order,
    amount
from flows
where amount <> 0 or activity in ('opening', 'closing')
