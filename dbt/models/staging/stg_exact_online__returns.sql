-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'returns',
    key=['division', 'document_id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('DocumentID', 'document_id', 'id'),
        ('Amount', 'amount', 'amount'),
        ('Created', 'created', 'moment'),
        ('Currency', 'currency', 'text'),
        ('Description', 'description', 'text'),
        ('DueDate', 'due_date', 'date'),
        ('Frequency', 'frequency', 'text'),
        ('Period', 'period', 'integer'),
        ('PeriodDescription', 'period_description', 'text'),
        ('Status', 'status', 'integer'),
        ('Subject', 'subject', 'text'),
        ('Type', 'type', 'integer'),
        ('Year', 'year', 'integer'),
    ],
) }}
