-- What Exact says is open, by its lists and its overview, against the balances of our control accounts. Whether the lists are in
-- the company's currency or in that of the invoice, which sign they have, and whether they hold what is dated later than today, is
-- not known, so each reading is a row. Amounts in the currency of the invoice are valued by the payment terms, if those have the same.
{%- set readings = {
    'all': ('booked', 'exact_amount', '0'),
    'until_now': ('until_now', 'exact_amount', '0'),
    'by_terms': ('booked', 'terms', 'abs(exact_amount - terms_fc)'),
} %}
with told as (

    select division, 'list' as source, 'receivable' as kind, currency_code as currency, amount, loaded_at
    from {{ ref('stg_exact_online__receivables_list') }}
    union all
    select division, 'list', 'payable', currency_code, amount, loaded_at
    from {{ ref('stg_exact_online__payables_list') }}
    {%- for kind in ('receivable', 'payable') %}
    union all
    select division, 'overview', '{{ kind }}', currency_code, outstanding_{{ kind }}_invoice_amount, loaded_at
    from {{ ref('stg_exact_online__outstanding_invoices_overview') }}
    {%- endfor %}

),

spoken as (

    select division, source, kind, min(loaded_at) as read_at
    from told
    group by 1, 2, 3

),

both_sides as (

    select division, source, kind, currency, amount as exact_amount, 0 as booked, 0 as until_now, 0 as terms, 0 as terms_fc,
        loaded_at as read_at, cast(null as {{ exact_online.moment_type() }}) as changed_at
    from told
    union all
    select spoken.division, spoken.source, spoken.kind, company.currency, 0, line.owed,
        case when line.entry_date <= cast(spoken.read_at as date) then line.owed else 0 end, 0, 0,
        spoken.read_at, line.changed_at
    from spoken
    inner join (
        select *, case when kind = 'payable' then -amount else amount end as owed
        from {{ ref('int_exact_online__control_movements') }}
    ) as line on line.division = spoken.division and line.kind = spoken.kind
    left join {{ ref('stg_exact_online__divisions') }} as company on company.division = spoken.division
    union all
    select spoken.division, spoken.source, spoken.kind, item.currency, 0, 0, 0, item.amount, item.amount_fc, spoken.read_at, null
    from spoken
    inner join {{ ref('exact_online__open_items') }} as item
        on item.division = spoken.division and item.kind = spoken.kind and item.open_until is null

),

currencies as (

    select division, source, kind, currency, sum(exact_amount) as exact_amount, sum(booked) as booked, sum(until_now) as until_now,
        sum(terms) as terms, sum(terms_fc) as terms_fc, min(read_at) as read_at, max(changed_at) as changed_at
    from both_sides
    group by 1, 2, 3, 4

),

signed as (

    select currencies.*, 'as_read' as sign
    from currencies
    union all
    select division, source, kind, currency, -exact_amount, booked, until_now, terms, terms_fc, read_at, changed_at, 'turned'
    from currencies

)
{% for reading, (ours, theirs, besides) in readings.items() %}
select
    division,
    kind,
    {{ loop.index }} as preference,
    source || ', {{ reading }}, ' || sign as reading,
    sum({{ ours }}) as amount,
    sum({{ theirs }}) as exact_amount,
    abs(sum({{ ours }}) - sum({{ theirs }})) + sum({{ besides }}) as difference,
    min(read_at) as read_at,
    max(changed_at) as changed_at
from signed
group by division, kind, source, sign
{% if not loop.last %}
union all
{% endif %}
{%- endfor %}
