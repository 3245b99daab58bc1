-- Payment terms with the side that they belong to. What no code tells, the ledger account does.
select
    term.*,
    case
        when term.line_type = 20 then 'receivable'
        when term.line_type = 22 then 'payable'
        else {{ exact_online.control_kind('account.type') }}
    end as kind
from {{ ref('stg_exact_online__payment_terms') }} as term
left join {{ ref('stg_exact_online__gl_accounts') }} as account
    on account.division = term.division and account.id = term.gl_account
where {{ exact_online.counts('term.transaction_status') }}
