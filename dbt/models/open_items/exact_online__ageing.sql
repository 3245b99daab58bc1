{{ config(materialized='table') }}

-- How old what is owed was at every month end and is today, beside the balance of the control accounts on that day. A payment is
-- often booked in another currency than its invoice, so that the balance of a relation has no currency but the company's own: what
-- it differs by stands in the row of that one.
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
        entry_date,
        sum(case when kind = 'payable' then -amount else amount end)
            over (partition by division, kind, relation_id order by entry_date) as balance,
        lead(entry_date) over (partition by division, kind, relation_id order by entry_date) as next_date
    from {{ ref('int_exact_online__control_movements') }}

),

both_sides as (

    select division, as_of, is_today, kind, relation_id, currency, amount, age, amount as control_account
    from items

    union all

    select items.division, items.as_of, items.is_today, items.kind, items.relation_id, company.currency, 0, null, -items.amount
    from items
    left join {{ ref('stg_exact_online__divisions') }} as company on company.division = items.division

    union all

    select balance.division, day.as_of, day.is_today, balance.kind, balance.relation_id, company.currency, 0, null, balance.balance
    from balances as balance
    inner join {{ ref('int_exact_online__ageing_days') }} as day
        on day.division = balance.division and balance.entry_date <= day.as_of
            and (balance.next_date is null or balance.next_date > day.as_of)
    left join {{ ref('stg_exact_online__divisions') }} as company on company.division = balance.division
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
    {%- set of_age %}sum(case when {{ 'age >= ' ~ least if least is not none else 'true' }} and {{ 'age <= ' ~ most if most is not none else 'true' }} then amount else 0 end){% endset %}
    {{ exact_online.amount_of(of_age) }} as {{ name }},
    {%- endfor %}
    {{ exact_online.amount_of('sum(amount)') }} as total,
    {{ exact_online.amount_of('sum(control_account)') }} as control_account,
    {{ exact_online.amount_of('sum(control_account) - sum(amount)') }} as difference
from both_sides
group by 1, 2, 3, 4, 5, 6
having sum(abs(amount)) <> 0 or sum(control_account) <> 0
