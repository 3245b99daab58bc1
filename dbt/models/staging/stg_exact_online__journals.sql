-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'journals',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Code', 'code', 'text'),
        ('Description', 'description', 'text'),
        ('Type', 'type', 'integer'),
        ('Currency', 'currency', 'text'),
        ('GLAccount', 'gl_account', 'id'),
        ('GLAccountCode', 'gl_account_code', 'text'),
        ('GLAccountType', 'gl_account_type', 'integer'),
        ('BankAccountIBAN', 'bank_account_iban', 'text'),
        ('PaymentInTransitAccount', 'payment_in_transit_account', 'id'),
        ('IsBlocked', 'is_blocked', 'boolean'),
    ],
) }}
