-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'gl_accounts',
    key=['division', 'id'],
    deleted_type=7,
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Timestamp', 'row_version', 'integer'),
        ('Code', 'code', 'text'),
        ('Description', 'description', 'text'),
        ('Type', 'type', 'integer'),
        ('TypeDescription', 'type_description', 'text'),
        ('BalanceSide', 'balance_side', 'text'),
        ('BalanceType', 'balance_type', 'text'),
        ('IsBlocked', 'is_blocked', 'boolean'),
        ('Matching', 'matching', 'boolean'),
        ('RevalueCurrency', 'revalue_currency', 'boolean'),
        ('SearchCode', 'search_code', 'text'),
        ('VATCode', 'vat_code', 'text'),
        ('Modified', 'modified', 'moment'),
    ],
) }}
