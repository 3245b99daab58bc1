-- Income is positive, costs are negative. The entries that close a period or a year are left out: a closed year would show no
-- result.
select
    running.division,
    running.gl_account_id,
    chart.gl_account_code,
    chart.gl_account_name,
    running.cost_center_code,
    running.cost_unit_code,
    running.financial_year,
    running.financial_period,
    chart.section,
    chart.section_name,
    chart.section_name_nl,
    chart.section_order,
    chart.subtotal,
    chart.subtotal_name,
    chart.rgs_2,
    chart.rgs_3,
    running.amount,
    running.amount_year_to_date,
    case
        when period.is_last_year_by_date or before.financial_period = running.financial_period then coalesce(before.amount, 0)
        else 0
    end as amount_last_year,
    coalesce(before.amount_year_to_date, 0) as amount_year_to_date_last_year,
    running.budget,
    running.budget_year_to_date
from {{ ref('int_exact_online__running_results') }} as running
inner join {{ ref('exact_online__chart_of_accounts') }} as chart
    on chart.division = running.division and chart.gl_account_id = running.gl_account_id
left join {{ ref('exact_online__periods') }} as period
    on period.division = running.division and period.financial_year = running.financial_year
        and period.financial_period = running.financial_period
left join {{ ref('int_exact_online__running_results') }} as before
    on before.division = running.division and before.gl_account_id = running.gl_account_id
        and coalesce(before.cost_center_code, '') = coalesce(running.cost_center_code, '')
        and coalesce(before.cost_unit_code, '') = coalesce(running.cost_unit_code, '')
        and {{ exact_online.period_key('before') }} = period.period_key_last_year
