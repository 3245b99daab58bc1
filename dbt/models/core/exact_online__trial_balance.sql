{{ config(materialized='table') }}

-- Every account in every period from its first movement on, so that a balance of any period is one row. The entry that opens the
-- books (type 10) is no movement: it belongs to what its period begins with.
{%- set keys = ['division', 'gl_account_id', 'cost_center_code', 'cost_unit_code'] %}
{%- set so_far %}over (
        partition by {{ keys | join(', ') }}
        order by financial_year, financial_period rows between unbounded preceding and current row
    ){% endset %}
with moved as (

    select
        division,
        gl_account_id,
        {{ exact_online.dimension('cost_center') }} as cost_center_code,
        {{ exact_online.dimension('cost_unit') }} as cost_unit_code,
        financial_year,
        financial_period,
        sum(case when transaction_type = 10 then amount else 0 end) as opened,
        sum(case when transaction_type = 10 then 0 else debit end) as debit,
        sum(case when transaction_type = 10 then 0 else credit end) as credit,
        sum(case when in_result then amount else 0 end) as net_before_closing,
        sum(line_count) as line_count
    from {{ ref('int_exact_online__booked') }}
    where in_balance
    and {{ exact_online.counts('status') }}
    group by 1, 2, 3, 4, 5, 6

),

begun as (

    select {{ keys | join(', ') }}, min({{ exact_online.period_key() }}) as first_period
    from moved
    group by 1, 2, 3, 4

),

shown as (

    select division, max(case when is_booked or is_current then period_key end) as last_period
    from {{ ref('exact_online__periods') }}
    group by 1

),

dense as (

    select {{ keys | join(', ') }}, financial_year, financial_period, opened, debit, credit, net_before_closing, line_count
    from moved
    union all
    select
        begun.division, begun.gl_account_id, begun.cost_center_code, begun.cost_unit_code,
        periods.financial_year, periods.financial_period, 0, 0, 0, 0, 0
    from begun
    inner join shown on shown.division = begun.division
    inner join {{ ref('exact_online__periods') }} as periods
        on periods.division = begun.division and periods.period_key between begun.first_period and shown.last_period

),

summed as (

    select
        {{ keys | join(', ') }}, financial_year, financial_period,
        sum(opened) as opened,
        sum(debit) as debit,
        sum(credit) as credit,
        sum(debit) - sum(credit) as net,
        sum(net_before_closing) as net_before_closing,
        sum(line_count) as line_count
    from dense
    group by 1, 2, 3, 4, 5, 6

)

select
    {{ keys | join(', ') }},
    financial_year,
    financial_period,
    sum(opened + net) {{ so_far }} - net as opening,
    opened,
    debit,
    credit,
    net,
    sum(opened + net) {{ so_far }} as closing,
    net_before_closing,
    line_count
from summed
