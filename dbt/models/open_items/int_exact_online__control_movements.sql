{{ config(materialized='table') }}

-- What was booked on the control accounts, by day: what customers owe us, and what we owe suppliers. Debit is positive.
select
    line.division,
    {{ exact_online.control_kind('account.type') }} as kind,
    line.account as relation_id,
    line.currency,
    line.entry_date,
    sum(line.amount_dc) as amount,
    sum(line.amount_fc) as amount_fc,
    max({{ exact_online.later_of('line.modified', 'line.loaded_at') }}) as changed_at
from {{ ref('stg_exact_online__transaction_lines') }} as line
inner join {{ ref('stg_exact_online__gl_accounts') }} as account
    on account.division = line.division and account.id = line.gl_account
where account.type in (20, 21, 22)
{%- if var('exact_online_status', 'after_entry') == 'processed' %}
    and line.status = 50
{%- endif %}
group by 1, 2, 3, 4, 5
