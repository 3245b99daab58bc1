-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'exchange_rates',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('SourceCurrency', 'source_currency', 'text'),
        ('TargetCurrency', 'target_currency', 'text'),
        ('Rate', 'rate', 'number'),
        ('StartDate', 'start_date', 'date'),
        ('Modified', 'modified', 'moment'),
    ],
) }}
