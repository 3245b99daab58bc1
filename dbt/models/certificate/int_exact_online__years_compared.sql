-- What the groups of a year come to: how many there are of each verdict, and the sums of both sides.
{%- set verdicts = {
    'equal_groups': 'equal', 'moving_groups': 'moving', 'missing_here_groups': 'missing_here', 'only_here_groups': 'only_here',
    'differing_groups': 'differs', 'not_read_groups': 'not_read'
} %}
with judged as (

    select
        *,
        max(case when verdict in ('missing_here', 'only_here', 'differs') then financial_period end)
            over (partition by division, financial_year) as last_wrong_period
    from {{ ref('exact_online__reconciliation') }}

)

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
