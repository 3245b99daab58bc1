-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'aging_overview',
    key=['division', 'age_group'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('AgeGroup', 'age_group', 'integer'),
        ('AgeGroupDescription', 'age_group_description', 'text'),
        ('AmountPayable', 'amount_payable', 'amount'),
        ('AmountReceivable', 'amount_receivable', 'amount'),
        ('CurrencyCode', 'currency_code', 'text'),
    ],
) }}
