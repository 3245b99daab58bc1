-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'gl_schemes',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Code', 'code', 'text'),
        ('Description', 'description', 'text'),
        ('Main', 'main', 'integer'),
    ],
) }}
