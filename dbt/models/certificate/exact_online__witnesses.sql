{{ config(materialized='table') }}

-- What else Exact adds up, against ours: one row for each witness that spoke, by the reading that comes closest.
{%- set columns %}witness, preference, reading, amount, exact_amount, difference, read_at, changed_at{% endset %}
with years as (

    select
        known.division,
        coalesce(max(case when period.is_current then known.financial_year end), max(known.financial_year)) as financial_year
    from {{ ref('int_exact_online__known_years') }} as known
    left join {{ ref('exact_online__periods') }} as period
        on period.division = known.division and period.financial_year = known.financial_year
    group by 1

),

readings as (

    select division, financial_year, {{ columns }} from {{ ref('int_exact_online__result_readings') }}
    union all
    select division, financial_year, {{ columns }} from {{ ref('int_exact_online__opening_readings') }}
    union all
    -- What is open is open now, whenever it was booked: it speaks for the year of today.
    select item.division, years.financial_year, item.kind || 's', item.preference, item.reading, item.amount, item.exact_amount, item.difference,
        item.read_at, item.changed_at
    from {{ ref('int_exact_online__open_item_readings') }} as item
    inner join years on years.division = item.division

),

ranked as (

    select
        readings.*,
        row_number() over (partition by division, financial_year, witness order by difference, preference, reading) as place
    from readings

),

deletes as (

    select division, max(deleted_date) as deleted_at
    from {{ ref('stg_exact_online__deleted') }}
    where entity_type = 1
    group by 1

)

select
    ranked.division,
    ranked.financial_year,
    ranked.witness,
    ranked.reading,
    ranked.amount,
    ranked.exact_amount,
    ranked.difference,
    ranked.read_at,
    ranked.changed_at,
    case
        when ranked.difference <= {{ var('exact_online_tolerance', 0) }} then 'agrees'
        when ranked.changed_at > ranked.read_at or deletes.deleted_at > ranked.read_at then 'moving'
        else 'differs'
    end as verdict
from ranked
left join deletes on deletes.division = ranked.division
where ranked.place = 1
