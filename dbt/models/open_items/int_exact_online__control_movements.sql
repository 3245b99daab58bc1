{{ config(materialized='table') }}

-- What was booked on the control accounts, by day: what customers owe us, and what we owe suppliers. Debit is positive.
-- Whether prepayments of customers (type 21) are among what is open is not known: they are where payment terms are on them.
with on_terms as (

    select distinct division, gl_account
    from {{ ref('stg_exact_online__payment_terms') }}

)

select
    line.division,
    {{ exact_online.control_kind('account.type') }} as kind,
    line.account as relation_id,
    line.entry_date,
    {{ exact_online.amount_of('sum(line.amount_dc)') }} as amount,
    {{ exact_online.last_changed('line') }} as changed_at
from {{ ref('stg_exact_online__transaction_lines') }} as line
inner join {{ ref('stg_exact_online__gl_accounts') }} as account
    on account.division = line.division and account.id = line.gl_account
left join on_terms on on_terms.division = account.division and on_terms.gl_account = account.id
left join {{ ref('exact_online_transaction_types') }} as booking on booking.transaction_type = line.type
-- Entries that take all balances off at the end of a year, and put them back, settle nothing.
where coalesce(booking.in_balance, true)
    and (account.type in (20, 22) or (account.type = 21 and on_terms.gl_account is not null))
    and {{ exact_online.counts('line.status') }}
group by 1, 2, 3, 4
