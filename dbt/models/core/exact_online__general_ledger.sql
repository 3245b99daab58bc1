-- Names come from the tables that they belong to: those of a line are as old as the line.
select
    line.division,
    company.description as division_name,
    company.currency as division_currency,
    line.id as line_id,
    line.entry_id,
    line.entry_number,
    line.line_number,
    case
        when line.line_number = 0 then 'header'
        when line.line_number < 9000 then 'line'
        when account.type = 24 then 'vat'
        else 'special'
    end as line_kind,
    line.type as transaction_type,
    kind.transaction_type_name,
    kind.family,
    coalesce(kind.in_result, true) as in_result,
    coalesce(kind.in_balance, true) as in_balance,
    line.status,
    line.entry_date,
    line.financial_year,
    line.financial_period,
    line.journal_code,
    line.journal_description as journal_name,
    line.gl_account as gl_account_id,
    coalesce(account.code, line.gl_account_code) as gl_account_code,
    coalesce(account.description, line.gl_account_description) as gl_account_name,
    account.type as gl_account_type,
    account.balance_type,
    line.account as relation_id,
    coalesce(relation.code, line.account_code) as relation_code,
    coalesce(relation.name, line.account_name) as relation_name,
    line.cost_center as cost_center_code,
    line.cost_center_description as cost_center_name,
    line.cost_unit as cost_unit_code,
    line.cost_unit_description as cost_unit_name,
    line.project as project_id,
    line.project_code,
    line.project_description as project_name,
    line.item as item_id,
    line.item_code,
    line.item_description as item_name,
    line.quantity,
    line.asset as asset_id,
    line.asset_code,
    line.document as document_id,
    line.document_number,
    line.invoice_number,
    line.your_ref,
    line.payment_reference,
    line.due_date,
    line.description,
    line.amount_dc as amount,
    case when line.amount_dc > 0 then line.amount_dc else 0 end as debit,
    case when line.amount_dc < 0 then -line.amount_dc else 0 end as credit,
    line.currency,
    line.amount_fc,
    line.exchange_rate,
    line.vat_code,
    line.vat_percentage,
    line.amount_vat_fc as vat_amount_fc,
    line.amount_vat_base_fc as vat_base_fc,
    line.offset_id,
    line.row_version,
    line.created,
    line.modified,
    line.loaded_at
from {{ ref('stg_exact_online__transaction_lines') }} as line
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = line.division
left join {{ ref('stg_exact_online__gl_accounts') }} as account
    on account.division = line.division and account.id = line.gl_account
left join {{ ref('stg_exact_online__accounts') }} as relation
    on relation.division = line.division and relation.id = line.account
left join {{ ref('exact_online_transaction_types') }} as kind on kind.transaction_type = line.type
