-- What each cost center cost in each year to operate, from the lines themselves, so that the tables by period need not be split.
-- Interest, exceptional income and income tax are no such costs.
select
    line.division,
    line.financial_year,
    line.cost_center_code,
    min(line.cost_center_name) as cost_center_name,
    sum(line.amount) as costs
from {{ ref('exact_online__general_ledger') }} as line
inner join {{ ref('exact_online__chart_of_accounts') }} as chart
    on chart.division = line.division and chart.gl_account_id = line.gl_account_id and chart.statement = 'profit_and_loss'
where line.in_result and (chart.section = 'cost_of_sales' or chart.subtotal = 'operating_result')
group by line.division, line.financial_year, line.cost_center_code
order by line.division, line.financial_year, costs desc
