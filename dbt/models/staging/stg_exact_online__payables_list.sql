-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'payables_list',
    key=['division', 'hid'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('HID', 'hid', 'integer'),
        ('AccountId', 'account_id', 'id'),
        ('AccountCode', 'account_code', 'text'),
        ('AccountName', 'account_name', 'text'),
        ('Amount', 'amount', 'amount'),
        ('AmountInTransit', 'amount_in_transit', 'amount'),
        ('CurrencyCode', 'currency_code', 'text'),
        ('Description', 'description', 'text'),
        ('DueDate', 'due_date', 'date'),
        ('EntryNumber', 'entry_number', 'integer'),
        ('InvoiceDate', 'invoice_date', 'date'),
        ('InvoiceNumber', 'invoice_number', 'integer'),
        ('JournalCode', 'journal_code', 'text'),
        ('YourRef', 'your_ref', 'text'),
    ],
) }}
