-- Also accounts that only lines or balances know: what was booked on them has to stand somewhere.
with booked as (

    select division, gl_account_id, gl_account_code as code, cast(null as {{ dbt.type_string() }}) as name,
        cast(null as {{ dbt.type_string() }}) as balance_type
    from {{ ref('int_exact_online__movements') }}
    union all
    select division, gl_account_id, gl_account_code, gl_account_name, balance_type
    from {{ ref('int_exact_online__balances') }}

),

accounts as (

    select
        division, id as gl_account_id, code, description as name, type, balance_type, balance_side, is_blocked,
        true as is_known
    from {{ ref('stg_exact_online__gl_accounts') }}
    union all
    select
        booked.division, booked.gl_account_id, min(booked.code), min(booked.name), null, min(booked.balance_type), null,
        null, false
    from booked
    left join {{ ref('stg_exact_online__gl_accounts') }} as known
        on known.division = booked.division and known.id = booked.gl_account_id
    where known.id is null and booked.gl_account_id is not null
    group by booked.division, booked.gl_account_id

)

select
    accounts.*,
    -- Exact's own word where it has one: the list of types may not know every type.
    case accounts.balance_type
        when 'W' then 'profit_and_loss' when 'B' then 'balance_sheet' else coalesce(kind.statement, 'balance_sheet')
    end as statement
from accounts
left join {{ ref('exact_online_account_types') }} as kind on kind.account_type = accounts.type
