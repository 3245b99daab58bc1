-- What Exact says is open, by its lists and its overview, against the balances of our control accounts. Whether the lists are in
-- the company's currency or in that of the invoice, and whether they hold what is dated later than today, is not known, so each
-- reading is a row.
with told as (

    select division, 'receivable' as kind, currency_code as currency, sum(amount) as amount, min(loaded_at) as loaded_at, 'list' as source
    from {{ ref('stg_exact_online__receivables_list') }}
    group by 1, 2, 3
    union all
    select division, 'payable', currency_code, sum(amount), min(loaded_at), 'list'
    from {{ ref('stg_exact_online__payables_list') }}
    group by 1, 2, 3
    {%- for kind in ('receivable', 'payable') %}
    union all
    select division, '{{ kind }}', null, sum(outstanding_{{ kind }}_invoice_amount), min(loaded_at), 'overview'
    from {{ ref('stg_exact_online__outstanding_invoices_overview') }}
    group by 1
    {%- endfor %}

),

spoken as (

    select division, kind, source, min(loaded_at) as loaded_at
    from told
    group by 1, 2, 3

),

both_sides as (

    select division, kind, source, currency, amount as exact_amount, 0 as booked, 0 as booked_fc, 0 as until_now, 0 as until_now_fc,
        cast(null as {{ exact_online.moment_type() }}) as changed_at
    from told
    union all
    select line.division, line.kind, spoken.source, case when spoken.source = 'list' then line.currency end, 0,
        line.owed, line.owed_fc,
        case when line.entry_date <= cast(spoken.loaded_at as date) then line.owed else 0 end,
        case when line.entry_date <= cast(spoken.loaded_at as date) then line.owed_fc else 0 end,
        line.changed_at
    from spoken
    inner join (
        select *, case when kind = 'payable' then -amount else amount end as owed,
            case when kind = 'payable' then -amount_fc else amount_fc end as owed_fc
        from {{ ref('int_exact_online__control_movements') }}
    ) as line on line.division = spoken.division and line.kind = spoken.kind

),

currencies as (

    select division, kind, source, currency, sum(exact_amount) as exact_amount, sum(booked) as booked, sum(booked_fc) as booked_fc,
        sum(until_now) as until_now, sum(until_now_fc) as until_now_fc, max(changed_at) as changed_at
    from both_sides
    group by 1, 2, 3, 4

)
{% for reading in ('booked', 'until_now', 'booked_fc', 'until_now_fc') %}
{%- for sign, opposite in (('-', ''), ('+', '_turned')) %}
select
    currencies.division,
    currencies.kind,
    currencies.source || '_{{ reading }}{{ opposite }}' as reading,
    sum(currencies.{{ reading }}) as amount,
    sum(currencies.exact_amount) as exact_amount,
    sum(abs(currencies.{{ reading }} {{ sign }} currencies.exact_amount)) as difference,
    min(spoken.loaded_at) as read_at,
    max(currencies.changed_at) as changed_at
from currencies
inner join spoken
    on spoken.division = currencies.division and spoken.kind = currencies.kind and spoken.source = currencies.source
{%- if reading.endswith('_fc') %}
where currencies.source = 'list'
{%- endif %}
group by currencies.division, currencies.kind, currencies.source
{% if not (loop.last and reading == 'until_now_fc') %}
union all
{% endif %}
{%- endfor %}
{%- endfor %}
