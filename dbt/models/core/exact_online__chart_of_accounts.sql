{{ config(materialized='table') }}

-- Where each account stands in both statements. A type that is not in the list has a section of its own, in no other.
{%- set result %}accounts.statement = 'profit_and_loss'{% endset %}
select
    accounts.division,
    accounts.gl_account_id,
    accounts.code as gl_account_code,
    accounts.name as gl_account_name,
    accounts.type as gl_account_type,
    kind.account_type_name,
    accounts.balance_type,
    accounts.balance_side,
    accounts.is_blocked,
    accounts.is_known,
    accounts.statement,
    coalesce(kind.section, 'unknown') as section,
    coalesce(
        kind.section_name,
        'Type ' || coalesce(cast(accounts.type as {{ dbt.type_string() }}), 'unknown') || ', not in the list'
    ) as section_name,
    coalesce(kind.section_name_nl, 'Onbekend') as section_name_nl,
    coalesce(kind.section_order, case when {{ result }} then 99 else 199 end) as section_order,
    case
        when {{ result }} then null
        when kind.side in ('assets', 'equity_and_liabilities') then kind.side
        when accounts.balance_side = 'C' then 'equity_and_liabilities'
        else 'assets'
    end as side,
    case when {{ result }} then coalesce(kind.subtotal, 'net_result') end as subtotal,
    case when {{ result }} then coalesce(kind.subtotal_name, 'Net result') end as subtotal_name,
    coalesce(kind.cash_flow_activity, 'operating') as cash_flow_activity,
    coalesce(kind.cash_flow_category, case when {{ result }} then 'result' else 'unknown' end) as cash_flow_category,
    mapping.scheme_code,
    mapping.classification_code,
    mapping.classification_name,
    mapping.classification_path,
    mapping.classification_code is not null as is_mapped,
    rgs.rgs_code,
    rgs.rgs_level,
    rgs.rgs_1,
    rgs.rgs_2,
    rgs.rgs_2_name,
    rgs.rgs_3,
    rgs.rgs_3_name,
    rgs.rgs_4,
    case when company.country = 'BE' then substr(accounts.code, 1, 1) end as belgian_class,
    case when company.country = 'BE' then substr(accounts.code, 1, 2) end as belgian_group
from {{ ref('int_exact_online__accounts') }} as accounts
left join {{ ref('exact_online_account_types') }} as kind
    on kind.account_type = accounts.type and kind.statement = accounts.statement
left join {{ ref('int_exact_online__classifications') }} as mapping
    on mapping.division = accounts.division and mapping.gl_account_id = accounts.gl_account_id
left join {{ ref('int_exact_online__rgs') }} as rgs
    on rgs.division = accounts.division and rgs.gl_account_id = accounts.gl_account_id
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = accounts.division
