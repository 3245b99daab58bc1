{{ exact_online.after_certificate() }}
-- One row for each: a line, an account, a period, a balance, a group of Exact's.
{%- set account = ['gl_account_id', 'cost_center_code', 'cost_unit_code', 'financial_year', 'financial_period'] %}
{%- set keys = {
    'exact_online__general_ledger': ['line_id'],
    'exact_online__chart_of_accounts': ['gl_account_id'],
    'exact_online__periods': ['financial_year', 'financial_period'],
    'exact_online__trial_balance': account,
    'exact_online__profit_and_loss': account,
    'exact_online__balance_sheet': account + ['gl_account_name'],
    'exact_online__cash_flow': ['financial_year', 'financial_period', 'method', 'activity', 'category'],
    'exact_online__reconciliation': account + ['transaction_type', 'status'],
    'exact_online__completeness': ['financial_year'],
    'exact_online__witnesses': ['financial_year', 'witness'],
    'exact_online__open_items': ['term_id'],
    'exact_online__ageing': ['as_of', 'kind', 'relation_id', 'currency'],
    'exact_online__vat': ['financial_year', 'financial_period', 'vat_code', 'direction'],
    'exact_online__consolidation': [
        'financial_year', 'financial_period', 'statement', 'account_key', 'gl_account_code'
    ]
} %}
{%- for name, columns in keys.items() %}
select '{{ name }}' as model_name, division, count(*) as key_count
from (
    select division, {{ columns | join(', ') }}
    from {{ ref(name) }}
    group by division, {{ columns | join(', ') }}
    having count(*) > 1
) as twice
group by division
{{ 'union all' if not loop.last }}
{%- endfor %}
