-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'gl_account_classification_mappings',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('GLAccount', 'gl_account', 'id'),
        ('GLAccountCode', 'gl_account_code', 'text'),
        ('Classification', 'classification', 'id'),
        ('ClassificationCode', 'classification_code', 'text'),
        ('ClassificationDescription', 'classification_description', 'text'),
        ('GLSchemeID', 'gl_scheme_id', 'id'),
        ('GLSchemeCode', 'gl_scheme_code', 'text'),
        ('GLSchemeDescription', 'gl_scheme_description', 'text'),
    ],
) }}
