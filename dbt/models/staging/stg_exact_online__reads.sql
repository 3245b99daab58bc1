-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'reads',
    key=['stream', 'division'],
    columns=[
        ('Division', 'division', 'integer'),
        ('Stream', 'stream', 'text'),
        ('BeganAt', 'began_at', 'moment'),
        ('EndedAt', 'ended_at', 'moment'),
        ('Rows', 'row_count', 'integer'),
        ('Whole', 'whole', 'boolean'),
        ('WholeBeganAt', 'whole_began_at', 'moment'),
    ],
) }}
