-- The balances that this year and the last began with, account by account: ours against Exact's. Whether Exact's amounts are
-- signed, or go by the side of the account, is not known, so each reading is a row.
{%- set ending = '_processed' if var('exact_online_status', 'after_entry') == 'processed' else '' %}
with told as (
    {% for year in ('current', 'previous') %}
    select division, reporting_year as financial_year, gl_account as gl_account_id, balance_side, amount, loaded_at
    from {{ ref('stg_exact_online__opening_balances_' ~ year ~ '_year' ~ ending) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

years as (

    select division, financial_year, min(loaded_at) as loaded_at
    from told
    group by 1, 2

),

line as (

    select years.division, years.financial_year, booked.gl_account_id, sum(booked.amount) as amount
    from years
    inner join {{ ref('int_exact_online__booked') }} as booked
        on booked.division = years.division and booked.financial_year < years.financial_year
    inner join {{ ref('exact_online__chart_of_accounts') }} as account
        on account.division = booked.division and account.gl_account_id = booked.gl_account_id
            and account.statement = 'balance_sheet'
    where booked.in_balance
    {%- if ending %} and booked.status = 50{% endif %}
    group by 1, 2, 3

),

changes as (

    select years.division, years.financial_year,
        max(movement.changed_at) as changed_at
    from years
    inner join {{ ref('int_exact_online__movements') }} as movement
        on movement.division = years.division and movement.financial_year < years.financial_year
    group by 1, 2

),

accounts as (

    select division, financial_year, gl_account_id, sum(amount) as amount, sum(as_signed) as as_signed, sum(by_side) as by_side
    from (
        select division, financial_year, gl_account_id, amount, 0 as as_signed, 0 as by_side
        from line
        union all
        select division, financial_year, gl_account_id, 0, amount, case when balance_side = 'C' then -amount else amount end
        from told
    ) as both_sides
    group by 1, 2, 3

)
{% for reading in ('as_signed', 'by_side') %}
select
    accounts.division,
    accounts.financial_year,
    'opening' as witness,
    {{ loop.index }} as preference,
    '{{ reading }}' as reading,
    {{ exact_online.amount_of('sum(case when accounts.amount > 0 then accounts.amount else 0 end)') }} as amount,
    {{ exact_online.amount_of('sum(case when accounts.' ~ reading ~ ' > 0 then accounts.' ~ reading ~ ' else 0 end)') }} as exact_amount,
    {{ exact_online.amount_of('sum(abs(accounts.amount - accounts.' ~ reading ~ '))') }} as difference,
    min(years.loaded_at) as read_at,
    max(changes.changed_at) as changed_at
from accounts
inner join years on years.division = accounts.division and years.financial_year = accounts.financial_year
left join changes on changes.division = accounts.division and changes.financial_year = accounts.financial_year
group by accounts.division, accounts.financial_year
{% if not loop.last %}
union all
{% endif %}
{%- endfor %}
