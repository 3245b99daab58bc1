-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'deleted',
    key=['division', 'id'],
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Timestamp', 'row_version', 'integer'),
        ('EntityType', 'entity_type', 'integer'),
        ('EntityKey', 'entity_key', 'id'),
        ('DeletedDate', 'deleted_date', 'moment'),
    ],
) }}
