-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'vat_percentages',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('VATCodeID', 'vat_code_id', 'id'),
        ('Percentage', 'percentage', 'number'),
        ('StartDate', 'start_date', 'date'),
        ('EndDate', 'end_date', 'date'),
        ('LineNumber', 'line_number', 'integer'),
        ('Type', 'type', 'integer'),
    ],
) }}
