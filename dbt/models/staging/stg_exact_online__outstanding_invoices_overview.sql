-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'outstanding_invoices_overview',
    key=['division', 'currency_code'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('CurrencyCode', 'currency_code', 'text'),
        ('OutstandingPayableInvoiceAmount', 'outstanding_payable_invoice_amount', 'amount'),
        ('OutstandingPayableInvoiceCount', 'outstanding_payable_invoice_count', 'number'),
        ('OutstandingReceivableInvoiceAmount', 'outstanding_receivable_invoice_amount', 'amount'),
        ('OutstandingReceivableInvoiceCount', 'outstanding_receivable_invoice_count', 'number'),
        ('OverduePayableInvoiceAmount', 'overdue_payable_invoice_amount', 'amount'),
        ('OverduePayableInvoiceCount', 'overdue_payable_invoice_count', 'number'),
        ('OverdueReceivableInvoiceAmount', 'overdue_receivable_invoice_amount', 'amount'),
        ('OverdueReceivableInvoiceCount', 'overdue_receivable_invoice_count', 'number'),
    ],
) }}
