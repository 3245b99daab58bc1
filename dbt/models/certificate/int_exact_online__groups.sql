{{ config(materialized='table') }}

-- The groups that Exact forms, each with what our lines add up to and what Exact says, and when Exact said so. A group that only one
-- side has is there, too.
{%- set keys = [
    'division', 'financial_year', 'financial_period', 'gl_account_id', 'transaction_type', 'status', 'cost_center_code',
    'cost_unit_code'
] %}
{%- set tolerance = var('exact_online_tolerance', 0) %}
with both_sides as (

    select
        {{ keys | join(', ') }},
        amount, debit, credit, line_count, nonzero_count, entry_count,
        changed_at,
        0 as exact_amount, 0 as exact_debit, 0 as exact_credit, 0 as exact_count, 0 as in_exact,
        cast(null as {{ dbt.type_string() }}) as gl_account_code, cast(null as {{ dbt.type_string() }}) as gl_account_name
    from {{ ref('int_exact_online__movements') }}
    union all
    select
        {{ keys | join(', ') }},
        0, 0, 0, 0, 0, 0, cast(null as {{ exact_online.moment_type() }}),
        amount, debit, credit, transaction_count, 1, gl_account_code, gl_account_name
    from {{ ref('int_exact_online__balances') }}

),

summed as (

    select
        {{ keys | join(', ') }},
        max(gl_account_code) as gl_account_code,
        max(gl_account_name) as gl_account_name,
        sum(amount) as amount,
        sum(exact_amount) as exact_amount,
        sum(amount) - sum(exact_amount) as difference,
        sum(debit) as debit,
        sum(exact_debit) as exact_debit,
        sum(credit) as credit,
        sum(exact_credit) as exact_credit,
        sum(line_count) as line_count,
        sum(nonzero_count) as nonzero_count,
        sum(entry_count) as entry_count,
        sum(exact_count) as exact_count,
        max(in_exact) as in_exact,
        max(changed_at) as changed_at,
        greatest(
            abs(sum(amount) - sum(exact_amount)), abs(sum(debit) - sum(exact_debit)), abs(sum(credit) - sum(exact_credit))
        ) <= {{ tolerance }} as is_equal
    from both_sides
    {%- if var('exact_online_years', []) %}
    where financial_year in ({{ var('exact_online_years') | join(', ') }})
    {%- endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

years as (

    select division, financial_year, min(read_at) as read_at
    from {{ ref('int_exact_online__balances') }}
    group by 1, 2

)

select
    summed.*,
    coalesce(years.read_at, whole.whole_began_at) as read_at
from summed
left join years on years.division = summed.division and years.financial_year = summed.financial_year
-- A year of which Exact says nothing was read where everything was.
left join {{ ref('stg_exact_online__reads') }} as whole
    on whole.stream = 'reporting_balance' and whole.division = summed.division
