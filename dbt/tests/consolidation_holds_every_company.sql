{{ exact_online.after_certificate() }}
-- The group is the sum of its companies, in their own currency to the cent; its balance sheet adds up to zero with the translation
-- difference; and a company that has the currency of the group has no such difference.
with consolidated as (

    select division, currency, group_currency, financial_year, financial_period,
        sum(case when statement = 'balance_sheet' then amount else 0 end) as balance,
        sum(case when statement = 'profit_and_loss' then amount else 0 end) as result,
        sum(case when statement = 'balance_sheet' then group_amount else 0 end) as group_balance,
        sum(case when account_key = 'translation_difference' then abs(group_amount) else 0 end) as translation_difference
    from {{ ref('exact_online__consolidation') }}
    group by 1, 2, 3, 4, 5

),

companies as (

    select account.division, account.financial_year, account.financial_period, sum(account.closing) as balance,
        sum(case when chart.statement = 'profit_and_loss' then account.net_before_closing else 0 end) as result
    from {{ ref('exact_online__trial_balance') }} as account
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = account.division and chart.gl_account_id = account.gl_account_id
    group by 1, 2, 3

)
{%- set tolerance = var('exact_online_tolerance', 0) %}
select companies.*, consolidated.balance as consolidated_balance, consolidated.result as consolidated_result,
    consolidated.group_balance, consolidated.translation_difference
from companies
left join consolidated
    on consolidated.division = companies.division and consolidated.financial_year = companies.financial_year
        and consolidated.financial_period = companies.financial_period
where consolidated.division is null
    or abs(consolidated.balance - companies.balance) > {{ tolerance }}
    or abs(consolidated.result - companies.result) > {{ tolerance }}
    or abs(consolidated.group_balance) > {{ tolerance }}
    or (consolidated.currency = consolidated.group_currency and consolidated.translation_difference > {{ tolerance }})
