-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'financial_periods',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('FinYear', 'fin_year', 'integer'),
        ('FinPeriod', 'fin_period', 'integer'),
        ('StartDate', 'start_date', 'date'),
        ('EndDate', 'end_date', 'date'),
    ],
) }}
