-- Sources contradict each other on the sign of a payment term. So the data decide: it is the sign with which the open terms of
-- all companies are what their control accounts hold.
{{ config(materialized='table') }}

with kinds as (

    select 'receivable' as kind
    union all
    select 'payable' as kind

),

sums as (

    select
        division,
        kind,
        sum(amount_dc) as terms,
        0 as control
    from {{ ref('int_exact_online__terms') }}
    where end_date is null
    group by division, kind

    union all

    select
        division,
        kind,
        0 as terms,
        sum(amount) as control
    from {{ ref('int_exact_online__control_movements') }}
    group by division, kind

),

companies as (

    select
        kind,
        division,
        sum(control) - sum(terms) as off_as_it_is,
        sum(control) + sum(terms) as off_when_turned
    from sums
    group by kind, division

)

select
    kinds.kind,
    -- Where nothing is open the sign that was seen most counts: what a customer owes is negative.
    case when sum(abs(companies.off_as_it_is)) < sum(abs(companies.off_when_turned)) then 1 else -1 end as orientation,
    {{ exact_online.amount_of('coalesce(sum(abs(companies.off_as_it_is)), 0)') }} as off_as_it_is,
    {{ exact_online.amount_of('coalesce(sum(abs(companies.off_when_turned)), 0)') }} as off_when_turned
from kinds
left join companies on companies.kind = kinds.kind
group by kinds.kind
