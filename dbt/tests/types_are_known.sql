{{ config(severity='warn') }}

-- Types of accounts and of transactions that the seeds do not list. They stand in sections of their own.
select distinct division, 'account' as kind, gl_account_type as type
from {{ ref('exact_online__chart_of_accounts') }}
where section = 'unknown'
union all
select distinct booked.division, 'transaction', booked.transaction_type
from {{ ref('int_exact_online__booked') }} as booked
left join {{ ref('exact_online_transaction_types') }} as kind on kind.transaction_type = booked.transaction_type
where kind.transaction_type is null
