-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'cost_centers',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Code', 'code', 'text'),
        ('Description', 'description', 'text'),
        ('EndDate', 'end_date', 'date'),
    ],
) }}
