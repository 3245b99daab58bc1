-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'gl_classifications',
    key=['division', 'id'],
    deleted_type=18,
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('Timestamp', 'row_version', 'integer'),
        ('Code', 'code', 'text'),
        ('Name', 'name', 'text'),
        ('Description', 'description', 'text'),
        ('Parent', 'parent', 'id'),
        ('Abstract', 'abstract', 'boolean'),
        ('Balance', 'balance', 'text'),
        ('PeriodType', 'period_type', 'text'),
        ('TaxonomyNamespace', 'taxonomy_namespace', 'id'),
        ('TaxonomyNamespaceDescription', 'taxonomy_namespace_description', 'text'),
    ],
) }}
