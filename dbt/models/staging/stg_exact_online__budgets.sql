-- Written by scripts/write_ledger.py
{{ exact_online.staged(
    'budgets',
    key=['division', 'id'],
    vanishing=true,
    columns=[
        ('Division', 'division', 'integer'),
        ('ID', 'id', 'id'),
        ('GLAccount', 'gl_account', 'id'),
        ('GLAccountCode', 'gl_account_code', 'text'),
        ('ReportingYear', 'reporting_year', 'integer'),
        ('ReportingPeriod', 'reporting_period', 'integer'),
        ('AmountDC', 'amount_dc', 'amount'),
        ('BudgetScenario', 'budget_scenario', 'id'),
        ('BudgetScenarioCode', 'budget_scenario_code', 'text'),
        ('BudgetScenarioDescription', 'budget_scenario_description', 'text'),
        ('Costcenter', 'costcenter', 'text'),
        ('Costunit', 'costunit', 'text'),
    ],
) }}
