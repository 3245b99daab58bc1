{{ config(materialized='table') }}

-- All companies in the currency of their group. The profit and loss holds the movement of each period at its average rate; the
-- balance sheet the balance at its end: at the closing rate, but equity at the rates of when it was booked. What does not add up by
-- that is the translation difference. A group is the sum of its companies, less what is to be eliminated.
{%- set keys = 'division, financial_year, financial_period' %}
with translated as (

    select
        {{ keys }}, statement, coalesce(rgs_code, gl_account_code) as account_key, gl_account_code, gl_account_name, section, rate_kind,
        case when statement = 'profit_and_loss' then net_before_closing else closing end as amount,
        round(case
            when statement = 'profit_and_loss' then net_before_closing * average_rate
            when rate_kind = 'historical' then net_as_booked
            else closing * closing_rate
        end, 2) as group_amount
    from {{ ref('int_exact_online__historical_balances') }}
    union all
    select
        {{ keys }}, 'balance_sheet', 'result_not_booked', null, 'Result not yet booked', 'equity', 'historical',
        sum(closing), round(sum(net_as_booked), 2)
    from {{ ref('int_exact_online__historical_balances') }}
    where statement = 'profit_and_loss'
    group by 1, 2, 3

),

whole as (

    select * from translated
    union all
    select
        {{ keys }}, 'balance_sheet', 'translation_difference', null, 'Translation difference', 'equity', 'none', 0, -sum(group_amount)
    from translated
    where statement = 'balance_sheet'
    group by 1, 2, 3

)

select
    {{ exact_online.group_of('whole.division') }} as group_name,
    whole.division,
    company.description as division_name,
    company.currency,
    '{{ var('exact_online_group_currency', 'EUR') }}' as group_currency,
    whole.financial_year,
    whole.financial_period,
    period.calendar_month,
    period.is_last_of_month,
    whole.statement,
    whole.section,
    whole.account_key,
    whole.gl_account_code,
    whole.gl_account_name,
    {{ exact_online.amount_of('whole.amount') }} as amount,
    whole.rate_kind,
    {{ exact_online.amount_of('whole.group_amount') }} as group_amount,
    {{ exact_online.is_intercompany('whole.gl_account_code') }} as is_eliminated
from whole
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = whole.division
left join {{ ref('exact_online__periods') }} as period
    on period.division = whole.division and period.financial_year = whole.financial_year
        and period.financial_period = whole.financial_period
