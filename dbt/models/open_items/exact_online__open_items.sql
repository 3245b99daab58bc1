-- One row for each payment term, open or not: it was open on any day from its invoice on and before `open_until`.
select
    term.division,
    company.description as division_name,
    term.id as term_id,
    term.kind,
    term.account as relation_id,
    coalesce(relation.code, term.account_code) as relation_code,
    coalesce(relation.name, term.account_name) as relation_name,
    term.invoice_number,
    term.entry_number,
    term.journal as journal_code,
    term.your_ref,
    term.description,
    term.invoice_date,
    coalesce(term.due_date, term.transaction_due_date, term.invoice_date) as due_date,
    term.end_date as open_until,
    term.currency,
    sign.orientation,
    term.amount_dc as amount_as_read,
    -- Debit positive, as in the ledger.
    term.amount_dc * sign.orientation as ledger_amount,
    -- Positive is what is owed: by the customer, or by us.
    term.amount_dc * sign.orientation * case when term.kind = 'payable' then -1 else 1 end as amount,
    term.amount_fc * sign.orientation * case when term.kind = 'payable' then -1 else 1 end as amount_fc,
    {{ exact_online.is_open('term.invoice_date', 'term.end_date', exact_online.today()) }} as is_open,
    case
        when {{ exact_online.is_open('term.invoice_date', 'term.end_date', exact_online.today()) }}
            then {{ dbt.datediff('coalesce(term.due_date, term.transaction_due_date, term.invoice_date)', exact_online.today(), 'day') }}
    end as days_late,
    -- Selected for payment or collection, or sent to the bank, and not matched yet.
    term.end_date is null and term.status in (30, 40) as in_transit,
    term.status,
    term.entry_id,
    term.transaction_id as line_id,
    term.gl_account as gl_account_id,
    term.loaded_at
from {{ ref('int_exact_online__terms') }} as term
inner join {{ ref('exact_online__term_signs') }} as sign on sign.kind = term.kind
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = term.division
left join {{ ref('stg_exact_online__accounts') }} as relation
    on relation.division = term.division and relation.id = term.account
