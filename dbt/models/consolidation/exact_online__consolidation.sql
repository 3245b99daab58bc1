{{ config(materialized='table') }}

-- All companies in the currency of their group. The profit and loss holds the movement of each period at its average rate; the
-- balance sheet the balance at its end: at the closing rate, but equity at the rates of when it was booked. What closes a year is
-- translated at what its result was: accounts of the result close at 0, and what was earned rises by the result of the group. What
-- does not add up by that is the translation difference. A group is the sum of its companies, less what is to be eliminated.
{%- set keys = 'division, financial_year, financial_period' %}
{%- set period_key = exact_online.period_key() %}
{%- set year = 'over (partition by division, gl_account_id, financial_year)' %}
{%- set year_so_far %}over (
            partition by division, gl_account_id, financial_year
            order by financial_period rows between unbounded preceding and current row
        ){% endset %}
with accounts as (

    select {{ keys }}, gl_account_id, sum(opened + net) as net, sum(closing) as closing, sum(net_before_closing) as net_before_closing
    from {{ ref('exact_online__trial_balance') }}
    group by 1, 2, 3, 4

),

rated as (

    select
        accounts.*,
        chart.statement,
        chart.rgs_code,
        chart.gl_account_code,
        chart.gl_account_name,
        chart.section,
        rates.closing_rate,
        rates.average_rate,
        case
            when chart.statement = 'profit_and_loss' then 'average'
            when chart.gl_account_type in (50, 52) then 'historical'
            else 'closing'
        end as rate_kind,
        accounts.net - accounts.net_before_closing as closed,
        accounts.net_before_closing * rates.average_rate as translated_before_closing
    from accounts
    inner join {{ ref('exact_online__chart_of_accounts') }} as chart
        on chart.division = accounts.division and chart.gl_account_id = accounts.gl_account_id
    left join {{ ref('int_exact_online__period_rates') }} as rates
        on rates.division = accounts.division and rates.financial_year = accounts.financial_year
            and rates.financial_period = accounts.financial_period

),

-- What each account of the result holds of its year, before and behind what closes it.
years as (

    select
        rated.*,
        sum(net) {{ year_so_far }} as of_the_year,
        sum(closed) {{ year_so_far }} as closed_so_far,
        sum(translated_before_closing) {{ year_so_far }} as translated_so_far,
        sum(net_before_closing) {{ year }} as year_before_closing,
        sum(translated_before_closing) {{ year }} as year_translated,
        min(case when statement = 'profit_and_loss' and closed <> 0 then {{ period_key }} end)
            over (partition by division, financial_year) as first_closed_in
    from rated

),

held as (

    select
        years.*,
        case
            when {{ period_key }} < first_closed_in or first_closed_in is null then translated_so_far
            when of_the_year = 0 then 0
            when year_before_closing = 0 then translated_so_far + closed_so_far * average_rate
            else translated_so_far + closed_so_far * year_translated / year_before_closing
        end as year_as_booked
    from years

),

-- What was closed in each period, in the currency of the group: accounts of equity take it over.
moved as (

    select
        held.*,
        year_as_booked - coalesce(lag(year_as_booked) over (
            partition by division, gl_account_id, financial_year order by financial_period
        ), 0) as result_as_booked
    from held

),

closings as (

    select
        moved.*,
        sum(case when statement = 'profit_and_loss' then closed else 0 end) over (partition by {{ keys }}) as all_closed,
        sum(case when statement = 'profit_and_loss' then result_as_booked - translated_before_closing else 0 end)
            over (partition by {{ keys }}) as all_closed_as_booked
    from moved

),

booked as (

    select
        closings.*,
        sum(case
            when statement = 'profit_and_loss' then result_as_booked
            when all_closed = 0 then net * average_rate
            else translated_before_closing + closed * all_closed_as_booked / all_closed
        end) over (
            partition by division, gl_account_id
            order by financial_year, financial_period rows between unbounded preceding and current row
        ) as net_as_booked
    from closings

),

translated as (

    select
        {{ keys }}, statement, coalesce(rgs_code, gl_account_code) as account_key, gl_account_code, gl_account_name, section, rate_kind,
        case when statement = 'profit_and_loss' then net_before_closing else closing end as amount,
        round(case
            when statement = 'profit_and_loss' then net_before_closing * average_rate
            when rate_kind = 'historical' then net_as_booked
            else closing * closing_rate
        end, 2) as group_amount
    from booked
    union all
    select
        {{ keys }}, 'balance_sheet', 'result_not_booked', null, 'Result not yet booked', 'equity', 'historical',
        sum(closing), round(sum(net_as_booked), 2)
    from booked
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
