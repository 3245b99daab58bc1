{{ exact_online.after_certificate() }}
-- And with what the entry says that opens the books.
with followed as (

    select
        *,
        lag(closing) over (
            partition by division, gl_account_id, cost_center_code, cost_unit_code
            order by financial_year, financial_period
        ) as closing_before
    from {{ ref('exact_online__trial_balance') }}

)

select *
from followed
where opening <> coalesce(closing_before, 0) + opened or closing <> opening + debit - credit
