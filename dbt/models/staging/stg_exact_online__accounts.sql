-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'accounts',
    key=['division', 'id'],
    deleted_type=2,
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Timestamp', 'row_version', 'integer'),
        ('Code', 'code', 'text'),
        ('Name', 'name', 'text'),
        ('Country', 'country', 'text'),
        ('ChamberOfCommerce', 'chamber_of_commerce', 'text'),
        ('VATNumber', 'vat_number', 'text'),
        ('IsSupplier', 'is_supplier', 'boolean'),
        ('Status', 'status', 'text'),
    ],
) }}
