{{ config(severity='warn') }}

-- Where a company uses a scheme, accounts that are booked on and have no place in it.
with booked as (

    select distinct division, gl_account_id
    from {{ ref('int_exact_online__booked') }}
    where debit <> 0 or credit <> 0

),

charted as (

    select *, max(scheme_code) over (partition by division) as scheme_of_company
    from {{ ref('exact_online__chart_of_accounts') }}

)

select charted.division, charted.gl_account_code, charted.gl_account_name, charted.scheme_of_company
from charted
inner join booked on booked.division = charted.division and booked.gl_account_id = charted.gl_account_id
where charted.scheme_of_company is not null and not charted.is_mapped
