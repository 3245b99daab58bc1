-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'opening_balances_previous_year',
    key=['division', 'gl_account', 'reporting_year'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('GLAccount', 'gl_account', 'id'),
        ('ReportingYear', 'reporting_year', 'integer'),
        ('Amount', 'amount', 'amount'),
        ('BalanceSide', 'balance_side', 'text'),
        ('GLAccountCode', 'gl_account_code', 'text'),
    ],
) }}
