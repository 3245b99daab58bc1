{{ config(materialized='table') }}

-- The certificate: for every company and year whether the ledger is what Exact has, and who says so.
{%- set verdicts = [
    'equal_groups', 'moving_groups', 'missing_here_groups', 'only_here_groups', 'differing_groups', 'not_read_groups'
] %}
{%- set witnesses = 'result_witness, opening_witness, receivables_witness, payables_witness' %}
with results as (

    select booked.division, booked.financial_year, -sum(booked.amount) as result
    from {{ ref('int_exact_online__booked') }} as booked
    inner join {{ ref('exact_online__chart_of_accounts') }} as account
        on account.division = booked.division and account.gl_account_id = booked.gl_account_id
            and account.statement = 'profit_and_loss'
    where booked.in_result
    and {{ exact_online.counts('booked.status') }}
    group by 1, 2

),

loads as (

    select division, max(loaded_at) as loaded_at
    from {{ ref('int_exact_online__movements') }}
    group by 1

),

years as (

    select
        known.division,
        company.hid as division_code,
        company.description as division_name,
        company.currency,
        known.financial_year,
        {%- for name in ['group_count', 'lines'] + verdicts %}
        coalesce(compared.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        {%- for name in ('amount', 'exact_amount', 'difference') %}
        {{ exact_online.amount_of('coalesce(compared.' ~ name ~ ', 0)') }} as {{ name }},
        {%- endfor %}
        {{ exact_online.amount_of('coalesce(results.result, 0)') }} as result,
        compared.whole_from_period,
        coalesce(line_read.began_at, loads.loaded_at) as lines_read_at,
        coalesce(compared.balances_read_at, balance_read.whole_began_at) as balances_read_at,
        line_read.whole_began_at is not null and balance_read.whole_began_at is not null as both_were_read,
        {{ witnesses }}
    from {{ ref('int_exact_online__years_witnessed') }} as known
    left join {{ ref('stg_exact_online__divisions') }} as company on company.division = known.division
    left join {{ ref('int_exact_online__years_compared') }} as compared
        on compared.division = known.division and compared.financial_year = known.financial_year
    left join results on results.division = known.division and results.financial_year = known.financial_year
    left join loads on loads.division = known.division
    left join {{ ref('stg_exact_online__reads') }} as line_read
        on line_read.stream = 'transaction_lines' and line_read.division = known.division
    left join {{ ref('stg_exact_online__reads') }} as balance_read
        on balance_read.stream = 'reporting_balance' and balance_read.division = known.division

)

select
    division,
    division_code,
    division_name,
    currency,
    financial_year,
    group_count as {{ exact_online.reserved('groups') }},
    {{ verdicts | join(', ') }},
    lines,
    amount,
    exact_amount,
    difference,
    result,
    whole_from_period,
    lines_read_at,
    balances_read_at,
    {{ exact_online.days_between(exact_online.earlier_of('lines_read_at', 'balances_read_at'), exact_online.now()) }} as days_since_read,
    {{ witnesses }},
    case
        when missing_here_groups + only_here_groups + differing_groups > 0 or 'differs' in ({{ witnesses }}) then 'different'
        when not_read_groups > 0 or (group_count = 0 and not both_were_read) then 'not_read'
        when moving_groups > 0 or 'moving' in ({{ witnesses }}) then 'moving'
        else 'complete'
    end as verdict
from years
