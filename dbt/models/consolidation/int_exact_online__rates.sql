{{ config(materialized='table') }}

-- Exchange rates as so many of the one currency for one of the other, each valid until the next. Exact's words for the direction are
-- twisted, so what was booked in other currencies decides how the table is to be read.
with table_rates as (

    select source_currency, target_currency, start_date, avg(rate) as rate
    from {{ ref('stg_exact_online__exchange_rates') }}
    where rate > 0 and source_currency <> target_currency
    group by 1, 2, 3

),

booked as (

    select line.currency as source_currency, company.currency as target_currency,
        sum(abs(line.amount_dc)) / sum(abs(line.amount_fc)) as rate
    from {{ ref('stg_exact_online__transaction_lines') }} as line
    inner join {{ ref('stg_exact_online__divisions') }} as company on company.division = line.division
    where line.currency <> company.currency and line.amount_fc <> 0 and line.amount_dc <> 0
    group by 1, 2

),

compared as (

    select ln(avg(table_rates.rate)) as told, ln(avg(booked.rate)) as booked
    from table_rates
    inner join booked
        on booked.source_currency = table_rates.source_currency and booked.target_currency = table_rates.target_currency
    group by table_rates.source_currency, table_rates.target_currency

),

direction as (

    select coalesce(sum(abs(booked - told)) <= sum(abs(booked + told)), true) as is_target_per_source
    from compared

),

turned as (

    select source_currency as from_currency, target_currency as to_currency, start_date,
        case when direction.is_target_per_source then rate else 1 / rate end as rate, 1 as is_direct
    from table_rates
    cross join direction
    union all
    select target_currency, source_currency, start_date,
        case when direction.is_target_per_source then 1 / rate else rate end, 0
    from table_rates
    cross join direction

),

-- What the table tells of a pair counts more than what it tells of the pair the other way round.
chosen as (

    select *, max(is_direct) over (partition by from_currency, to_currency) as most_direct
    from turned

)

select
    from_currency,
    to_currency,
    start_date as valid_from,
    lead(start_date) over (partition by from_currency, to_currency order by start_date) as valid_until,
    cast(rate as {{ exact_online.decimal(28, 12) }}) as rate
from chosen
where is_direct = most_direct
