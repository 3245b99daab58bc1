-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'reporting_balance',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'integer'),
        ('Amount', 'amount', 'amount'),
        ('AmountCredit', 'amount_credit', 'amount'),
        ('AmountDebit', 'amount_debit', 'amount'),
        ('BalanceType', 'balance_type', 'text'),
        ('CostCenterCode', 'cost_center_code', 'text'),
        ('CostUnitCode', 'cost_unit_code', 'text'),
        ('Count', 'transaction_count', 'integer'),
        ('GLAccount', 'gl_account', 'id'),
        ('GLAccountCode', 'gl_account_code', 'text'),
        ('GLAccountDescription', 'gl_account_description', 'text'),
        ('ReportingPeriod', 'reporting_period', 'integer'),
        ('ReportingYear', 'reporting_year', 'integer'),
        ('Status', 'status', 'integer'),
        ('Type', 'type', 'integer'),
    ],
) }}
