-- What each account moved in each period and holds at its end, beside the rates that it is translated at. The movement is told in
-- two parts, since what closes a year is not translated at the rate of its day.
with accounts as (

    select
        division, financial_year, financial_period, gl_account_id,
        sum(opened + net) as net, sum(closing) as closing, sum(net_before_closing) as net_before_closing
    from {{ ref('exact_online__trial_balance') }}
    group by 1, 2, 3, 4

)

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
