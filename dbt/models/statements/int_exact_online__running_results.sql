{{ config(materialized='table') }}

-- What was earned, spent and planned on each account of the result, by period and so far in the year. It is a table: each row is
-- looked up again a year later, and PostgreSQL, where it has to guess how many there are, compares all with all.
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
    where exists (
        select 1
        from {{ ref('exact_online__chart_of_accounts') }} as chart
        where chart.division = amounts.division and chart.gl_account_id = amounts.gl_account_id
            and chart.statement = 'profit_and_loss'
    )
    group by 1, 2, 3, 4, 5, 6

)

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
