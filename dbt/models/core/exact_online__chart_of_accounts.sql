{{ config(materialized='table') }}

-- Also accounts that only lines or balances know: what was booked on them has to stand somewhere.
with booked as (

    select division, gl_account_id, min(gl_account_code) as code, cast(null as {{ dbt.type_string() }}) as name,
        cast(null as {{ dbt.type_string() }}) as balance_type
    from {{ ref('int_exact_online__movements') }}
    group by 1, 2
    union all
    select division, gl_account_id, min(gl_account_code), min(gl_account_name), min(balance_type)
    from {{ ref('int_exact_online__balances') }}
    group by 1, 2

),

accounts as (

    select division, id as gl_account_id, code, description as name, type, balance_type, balance_side, is_blocked,
        true as is_known
    from {{ ref('stg_exact_online__gl_accounts') }}
    union all
    select booked.division, booked.gl_account_id, min(booked.code), min(booked.name), null, min(booked.balance_type), null,
        null, false
    from booked
    left join {{ ref('stg_exact_online__gl_accounts') }} as known
        on known.division = booked.division and known.id = booked.gl_account_id
    where known.id is null
    group by booked.division, booked.gl_account_id

),

placed as (

    select
        accounts.*,
        kind.account_type_name,
        -- Exact's own word where it has one: the list of types may not know every type.
        case accounts.balance_type
            when 'W' then 'profit_and_loss' when 'B' then 'balance_sheet' else coalesce(kind.statement, 'balance_sheet')
        end as statement,
        kind.section, kind.section_name, kind.section_name_nl, kind.section_order, kind.side, kind.subtotal,
        kind.subtotal_name, kind.cash_flow_activity, kind.cash_flow_category, kind.statement as kind_statement,
        mapping.scheme_code, mapping.classification_code, mapping.classification_name, mapping.classification_path,
        {{ exact_online.rgs_code('mapping.scheme_code', 'mapping.classification_code') }} as rgs_code
    from accounts
    left join {{ ref('exact_online_account_types') }} as kind on kind.account_type = accounts.type
    left join {{ ref('int_exact_online__classifications') }} as mapping
        on mapping.division = accounts.division and mapping.gl_account_id = accounts.gl_account_id

)

select
    placed.division,
    placed.gl_account_id,
    placed.code as gl_account_code,
    placed.name as gl_account_name,
    placed.type as gl_account_type,
    placed.account_type_name,
    placed.balance_type,
    placed.balance_side,
    placed.is_blocked,
    placed.is_known,
    placed.statement,
    {%- set fits %}placed.kind_statement = placed.statement{% endset %}
    -- A type that is not in the list has a section of its own, in no other.
    case when {{ fits }} then placed.section else 'unknown' end as section,
    case when {{ fits }} then placed.section_name
        else 'Not in the list: type ' || coalesce(cast(placed.type as {{ dbt.type_string() }}), 'unknown') end as section_name,
    case when {{ fits }} then placed.section_name_nl else 'Onbekend' end as section_name_nl,
    case when {{ fits }} then placed.section_order when placed.statement = 'balance_sheet' then 199 else 99 end as section_order,
    case
        when placed.statement = 'profit_and_loss' then null
        when {{ fits }} and placed.side <> 'by_account' then placed.side
        when placed.balance_side = 'C' then 'equity_and_liabilities'
        else 'assets'
    end as side,
    case when placed.statement = 'profit_and_loss' then coalesce(placed.subtotal, 'net_result') end as subtotal,
    case when placed.statement = 'profit_and_loss' then coalesce(placed.subtotal_name, 'Net result') end as subtotal_name,
    case when {{ fits }} then placed.cash_flow_activity else 'operating' end as cash_flow_activity,
    case when {{ fits }} then placed.cash_flow_category when placed.statement = 'profit_and_loss' then 'result'
        else 'unknown' end as cash_flow_category,
    placed.scheme_code,
    placed.classification_code,
    placed.classification_name,
    placed.classification_path,
    placed.classification_code is not null as is_mapped,
    placed.rgs_code,
    cast(floor((length(placed.rgs_code) + 2) / 3.0) as integer) as rgs_level,
    {%- for level in range(1, 5) %}
    case when length(placed.rgs_code) >= {{ 3 * level - 2 }} then substr(placed.rgs_code, 1, {{ 3 * level - 2 }}) end
        as rgs_{{ level }},
    {%- if level in (2, 3) %}
    coalesce(node_{{ level }}.name, case when length(placed.rgs_code) >= {{ 3 * level - 2 }}
        then substr(placed.rgs_code, 1, {{ 3 * level - 2 }}) end) as rgs_{{ level }}_name,
    {%- endif %}
    {%- endfor %}
    case when company.country = 'BE' then substr(placed.code, 1, 1) end as belgian_class,
    case when company.country = 'BE' then substr(placed.code, 1, 2) end as belgian_group
from placed
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = placed.division
{%- for level in (2, 3) %}
left join (
    select division, code, min(description) as name from {{ ref('stg_exact_online__gl_classifications') }} group by 1, 2
) as node_{{ level }}
    on node_{{ level }}.division = placed.division
        and node_{{ level }}.code = substr(placed.rgs_code, 1, {{ 3 * level - 2 }})
{%- endfor %}
