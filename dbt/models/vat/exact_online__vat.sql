{{ config(materialized='table') }}

-- VAT of each period by code and direction: what it was reckoned on, what was booked, and what the rates make of it. What a return
-- settles belongs to earlier periods and is no part of the position of its own.
with directions as (

    select division, entry_id, vat_code, direction, count(*) over (partition by division, entry_id, vat_code) as direction_count
    from (
        select distinct division, entry_id, vat_code, direction
        from {{ ref('int_exact_online__vat_lines') }}
        where part = 'vat'
    ) as booked

),

parts as (

    select
        line.division,
        line.financial_year,
        line.financial_period,
        line.vat_code,
        coalesce(directions.direction, line.direction) as direction,
        line.part,
        line.percentage,
        line.amount * case
            -- Reverse charge books both directions: the purchase is a base of both.
            when directions.direction_count > 1 then 1
            when coalesce(directions.direction, line.direction) = 'to_pay' then -1
            else 1
        end as amount
    from {{ ref('int_exact_online__vat_lines') }} as line
    left join directions
        on line.part = 'base' and directions.division = line.division and directions.entry_id = line.entry_id
            and directions.vat_code = line.vat_code

),

summed as (

    select
        division,
        financial_year,
        financial_period,
        vat_code,
        direction,
        sum(case when part = 'base' then amount else 0 end) as base,
        sum(case when part in ('vat', 'other') then amount else 0 end) as vat_booked,
        sum(case when part = 'base' then round(amount * percentage, 2) else 0 end) as vat_expected,
        sum(case when part = 'settled' then amount else 0 end) as settled,
        count(case when part = 'base' then 1 end) as line_count
    from parts
    group by 1, 2, 3, 4, 5

)

select
    summed.division,
    company.description as division_name,
    summed.financial_year,
    summed.financial_period,
    summed.vat_code,
    code.description as vat_name,
    summed.direction,
    {{ exact_online.amount_of('summed.base') }} as base,
    {{ exact_online.amount_of('summed.vat_booked') }} as vat_booked,
    {{ exact_online.amount_of('summed.vat_expected') }} as vat_expected,
    {{ exact_online.amount_of('summed.vat_booked - summed.vat_expected') }} as difference,
    {{ exact_online.amount_of('summed.settled') }} as settled,
    coalesce(own_box.box, box.box) as box,
    summed.line_count
from summed
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = summed.division
left join {{ ref('stg_exact_online__vat_codes') }} as code
    on code.division = summed.division and code.code = summed.vat_code
left join {{ ref('exact_online_vat_boxes') }} as own_box
    on own_box.division = summed.division and own_box.vat_code = summed.vat_code and own_box.direction = summed.direction
left join {{ ref('exact_online_vat_boxes') }} as box
    on box.division is null and box.vat_code = summed.vat_code and box.direction = summed.direction
