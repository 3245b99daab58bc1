-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'aging_payables',
    key=['division', 'account_id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('AccountId', 'account_id', 'id'),
        ('AccountCode', 'account_code', 'text'),
        ('AccountName', 'account_name', 'text'),
        ('CurrencyCode', 'currency_code', 'text'),
        ('TotalAmount', 'total_amount', 'amount'),
        ('AgeGroup1Amount', 'age_group1_amount', 'amount'),
        ('AgeGroup2Amount', 'age_group2_amount', 'amount'),
        ('AgeGroup3Amount', 'age_group3_amount', 'amount'),
        ('AgeGroup4Amount', 'age_group4_amount', 'amount'),
        ('AgeGroup1Description', 'age_group1_description', 'text'),
        ('AgeGroup2Description', 'age_group2_description', 'text'),
        ('AgeGroup3Description', 'age_group3_description', 'text'),
        ('AgeGroup4Description', 'age_group4_description', 'text'),
    ],
) }}
