-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'divisions',
    key=['division'],
    columns=[
        ('Code', 'division', 'integer'),
        ('Hid', 'hid', 'integer'),
        ('Description', 'description', 'text'),
        ('Country', 'country', 'text'),
        ('Currency', 'currency', 'text'),
        ('Legislation', 'legislation', 'text'),
        ('Status', 'status', 'integer'),
        ('StartDate', 'start_date', 'date'),
        ('ArchiveDate', 'archive_date', 'date'),
        ('Customer', 'customer', 'id'),
        ('CustomerName', 'customer_name', 'text'),
        ('IsMainDivision', 'is_main_division', 'boolean'),
        ('VATNumber', 'vat_number', 'text'),
        ('ChamberOfCommerceNumber', 'chamber_of_commerce_number', 'text'),
    ],
) }}
