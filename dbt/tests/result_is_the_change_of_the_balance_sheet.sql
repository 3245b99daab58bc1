{{ exact_online.after_certificate() }}
-- Both without the entries that close periods and years.
with both_statements as (

    select division, financial_year, financial_period, amount as result, 0 as change
    from {{ ref('exact_online__profit_and_loss') }}
    union all
    select balance.division, balance.financial_year, balance.financial_period, 0, balance.net_before_closing
    from {{ ref('exact_online__trial_balance') }} as balance
    left join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = balance.division and chart.gl_account_id = balance.gl_account_id
    where coalesce(chart.statement, 'balance_sheet') = 'balance_sheet'

)

select division, financial_year, financial_period, sum(result) as result, sum(change) as change
from both_statements
group by division, financial_year, financial_period
having abs(sum(result) - sum(change)) > {{ var('exact_online_tolerance', 0) }}
