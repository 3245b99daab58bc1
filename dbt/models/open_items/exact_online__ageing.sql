-- How old what is owed was at every month end and is today, beside the balance of the control accounts on that day.
{{ config(materialized='table') }}

with items as (

    select
        item.division,
        day.as_of,
        day.is_today,
        item.kind,
        item.relation_id,
        item.currency,
        item.amount,
        {{ dbt.datediff('item.due_date' if var('exact_online_ageing_by', 'due') == 'due' else 'item.invoice_date', 'day.as_of', 'day') }} as age
    from {{ ref('exact_online__open_items') }} as item
    inner join {{ ref('int_exact_online__ageing_days') }} as day
        on day.division = item.division and {{ exact_online.is_open('item.invoice_date', 'item.open_until', 'day.as_of') }}

),

balances as (

    select
        division,
        kind,
        relation_id,
        currency,
        entry_date,
        sum(case when kind = 'payable' then -amount else amount end)
            over (partition by division, kind, relation_id, currency order by entry_date) as balance,
        lead(entry_date) over (partition by division, kind, relation_id, currency order by entry_date) as next_date
    from {{ ref('int_exact_online__control_movements') }}

),

both_sides as (

    select
        division, as_of, is_today, kind, relation_id, currency, amount, age, 0 as control_account
    from items

    union all

    select
        balance.division, day.as_of, day.is_today, balance.kind, balance.relation_id, balance.currency,
        0 as amount, null as age, balance.balance as control_account
    from balances as balance
    inner join {{ ref('int_exact_online__ageing_days') }} as day
        on day.division = balance.division and balance.entry_date <= day.as_of
        and (balance.next_date is null or balance.next_date > day.as_of)
    where balance.balance <> 0

)

select
    division,
    as_of,
    is_today,
    kind,
    relation_id,
    currency,
    {%- for name, least, most in exact_online.age_groups() %}
    sum(case when {{ 'age >= ' ~ least if least is not none else 'true' }} and {{ 'age <= ' ~ most if most is not none else 'true' }} then amount else 0 end) as {{ name }},
    {%- endfor %}
    sum(amount) as total,
    sum(control_account) as control_account,
    sum(control_account) - sum(amount) as difference
from both_sides
group by division, as_of, is_today, kind, relation_id, currency
