{{ config(materialized='table') }}

-- The certificate: for every company and year whether the ledger is what Exact has, and who says so.
{%- set verdicts = {
    'equal_groups': 'equal', 'moving_groups': 'moving', 'missing_here_groups': 'missing_here', 'only_here_groups': 'only_here',
    'differing_groups': 'differs', 'not_read_groups': 'not_read'
} %}
{%- set witnesses = {
    'result_witness': 'result', 'opening_witness': 'opening', 'receivables_witness': 'receivables', 'payables_witness': 'payables'
} %}
with judged as (

    select
        *,
        max(case when verdict in ('missing_here', 'only_here', 'differs') then financial_period end)
            over (partition by division, financial_year) as last_wrong_period
    from {{ ref('exact_online__reconciliation') }}

),

grouped as (

    select
        division,
        financial_year,
        count(*) as group_count,
        {%- for name, verdict in verdicts.items() %}
        cast(sum(case when verdict = '{{ verdict }}' then 1 else 0 end) as {{ exact_online.type_of('integer') }}) as {{ name }},
        {%- endfor %}
        cast(sum(line_count) as {{ exact_online.type_of('integer') }}) as lines,
        sum(debit) as amount,
        sum(exact_debit) as exact_amount,
        sum(abs(difference)) as difference,
        min(case when financial_period > last_wrong_period then financial_period end) as whole_from_period,
        max(balances_read_at) as balances_read_at
    from judged
    group by 1, 2

),

results as (

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

spoken as (

    select
        division,
        financial_year
        {%- for name, witness in witnesses.items() %},
        max(case when witness = '{{ witness }}' then verdict end) as {{ name }}
        {%- endfor %}
    from {{ ref('exact_online__witnesses') }}
    group by 1, 2

),

speaking as (

    select
        division
        {%- for name, witness in witnesses.items() %},
        max(case when witness = '{{ witness }}' then 'does_not_apply' end) as {{ name }}
        {%- endfor %}
    from {{ ref('exact_online__witnesses') }}
    group by 1

),

rows_of_it as (

    select
        known.division,
        company.hid as division_code,
        company.description as division_name,
        company.currency,
        known.financial_year,
        coalesce(grouped.group_count, 0) as group_count,
        {%- for name in verdicts %}
        coalesce(grouped.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(grouped.lines, 0) as lines,
        {{ exact_online.amount_of('coalesce(grouped.amount, 0)') }} as amount,
        {{ exact_online.amount_of('coalesce(grouped.exact_amount, 0)') }} as exact_amount,
        {{ exact_online.amount_of('coalesce(grouped.difference, 0)') }} as difference,
        {{ exact_online.amount_of('coalesce(results.result, 0)') }} as result,
        grouped.whole_from_period,
        coalesce(line_read.began_at, loads.loaded_at) as lines_read_at,
        coalesce(grouped.balances_read_at, balance_read.whole_began_at) as balances_read_at,
        line_read.whole_began_at is not null and balance_read.whole_began_at is not null as both_were_read,
        {%- for name in witnesses %}
        coalesce(spoken.{{ name }}, speaking.{{ name }}, 'not_read') as {{ name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_exact_online__known_years') }} as known
    left join {{ ref('stg_exact_online__divisions') }} as company on company.division = known.division
    left join grouped on grouped.division = known.division and grouped.financial_year = known.financial_year
    left join results on results.division = known.division and results.financial_year = known.financial_year
    left join loads on loads.division = known.division
    left join spoken on spoken.division = known.division and spoken.financial_year = known.financial_year
    left join speaking on speaking.division = known.division
    left join {{ ref('stg_exact_online__reads') }} as line_read
        on line_read.stream = 'transaction_lines' and line_read.division = known.division
    left join {{ ref('stg_exact_online__reads') }} as balance_read
        on balance_read.stream = 'reporting_balance' and balance_read.division = known.division

)

{%- set spoke %}result_witness, opening_witness, receivables_witness, payables_witness{% endset %}
select
    division,
    division_code,
    division_name,
    currency,
    financial_year,
    group_count as {{ exact_online.reserved('groups') }},
    {%- for name in verdicts %}
    {{ name }},
    {%- endfor %}
    lines,
    amount,
    exact_amount,
    difference,
    result,
    whole_from_period,
    lines_read_at,
    balances_read_at,
    {{ exact_online.days_between(exact_online.earlier_of('lines_read_at', 'balances_read_at'), exact_online.now()) }} as days_since_read,
    {{ spoke }},
    case
        when missing_here_groups + only_here_groups + differing_groups > 0 or 'differs' in ({{ spoke }}) then 'different'
        when not_read_groups > 0 or (group_count = 0 and not both_were_read) then 'not_read'
        when moving_groups > 0 or 'moving' in ({{ spoke }}) then 'moving'
        else 'complete'
    end as verdict
from rows_of_it
