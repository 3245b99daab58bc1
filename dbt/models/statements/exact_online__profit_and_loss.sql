-- Income is positive, costs are negative. Entries that close a period or a year are left out: a closed year would show no result.
{%- set keys = ['division', 'gl_account_id', 'cost_center_code', 'cost_unit_code'] %}
with planned as (

    select {{ keys | join(', ') }}, financial_year, min(financial_period) as first_period
    from {{ ref('int_exact_online__budgets') }}
    group by 1, 2, 3, 4, 5

),

amounts as (

    select {{ keys | join(', ') }}, financial_year, financial_period, -net_before_closing as amount, 0 as budget
    from {{ ref('exact_online__trial_balance') }}
    union all
    select {{ keys | join(', ') }}, financial_year, financial_period, 0, amount
    from {{ ref('int_exact_online__budgets') }}
    union all
    -- What was planned so far stands in every period after it, to the end of the year, whether anything is booked there or not.
    select
        planned.division, planned.gl_account_id, planned.cost_center_code, planned.cost_unit_code,
        period.financial_year, period.financial_period, 0, 0
    from planned
    inner join {{ ref('exact_online__periods') }} as period
        on period.division = planned.division and period.financial_year = planned.financial_year
            and period.financial_period > planned.first_period

),

summed as (

    select {{ keys | join(', ') }}, financial_year, financial_period, sum(amount) as amount, sum(budget) as budget
    from amounts
    group by 1, 2, 3, 4, 5, 6

),

running as (

    select
        summed.*,
        {%- for name in ('amount', 'budget') %}
        sum({{ name }}) over (
            partition by {{ keys | join(', ') }}, financial_year order by financial_period
            rows between unbounded preceding and current row
        ) as {{ name }}_year_to_date
        {{- ',' if not loop.last }}
        {%- endfor %}
    from summed

)

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
from running
inner join {{ ref('exact_online__chart_of_accounts') }} as chart
    on chart.division = running.division and chart.gl_account_id = running.gl_account_id
        and chart.statement = 'profit_and_loss'
left join {{ ref('exact_online__periods') }} as period
    on period.division = running.division and period.financial_year = running.financial_year
        and period.financial_period = running.financial_period
left join running as before
    on before.division = running.division and before.gl_account_id = running.gl_account_id
        and coalesce(before.cost_center_code, '') = coalesce(running.cost_center_code, '')
        and coalesce(before.cost_unit_code, '') = coalesce(running.cost_unit_code, '')
        and {{ exact_online.period_key('before') }} = period.period_key_last_year
