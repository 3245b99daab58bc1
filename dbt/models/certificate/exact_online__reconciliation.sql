{{ config(materialized='table') }}

-- What the lines add up to against what Exact says they do, group by group as Exact forms them. A verdict is a row.
{%- set keys = [
    'division', 'financial_year', 'financial_period', 'gl_account_id', 'transaction_type', 'status', 'cost_center_code',
    'cost_unit_code'
] %}
{%- set tolerance = var('exact_online_tolerance', 0) %}
with both_sides as (

    select
        {{ keys | join(', ') }},
        amount, debit, credit, line_count, nonzero_count, entry_count,
        {{ exact_online.later_of('modified_at', 'loaded_at') }} as changed_at,
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

groups as (

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

),

-- A line that was deleted after the balances were read is still in them, and which group it was in is not known any more.
deletes as (

    select division, max(deleted_date) as deleted_at
    from {{ ref('stg_exact_online__deleted') }}
    where entity_type = 1
    group by 1

)

select
    groups.division,
    company.description as division_name,
    company.currency,
    groups.financial_year,
    groups.financial_period,
    groups.gl_account_id,
    coalesce(account.code, groups.gl_account_code) as gl_account_code,
    coalesce(account.description, groups.gl_account_name) as gl_account_name,
    groups.transaction_type,
    groups.status,
    groups.cost_center_code,
    groups.cost_unit_code,
    groups.amount,
    groups.exact_amount,
    groups.difference,
    groups.debit,
    groups.exact_debit,
    groups.credit,
    groups.exact_credit,
    groups.line_count,
    groups.nonzero_count,
    groups.entry_count,
    groups.exact_count,
    groups.changed_at,
    coalesce(years.read_at, whole.whole_began_at) as balances_read_at,
    case
        when coalesce(years.read_at, whole.whole_began_at) is null then 'not_read'
        when groups.is_equal then 'equal'
        when groups.changed_at > coalesce(years.read_at, whole.whole_began_at) then 'moving'
        when deletes.deleted_at > coalesce(years.read_at, whole.whole_began_at) then 'moving'
        when groups.line_count = 0 then 'missing_here'
        when groups.in_exact = 0 then 'only_here'
        else 'differs'
    end as verdict
from groups
left join years on years.division = groups.division and years.financial_year = groups.financial_year
-- A year of which Exact says nothing was read where everything was.
left join {{ ref('stg_exact_online__reads') }} as whole
    on whole.stream = 'reporting_balance' and whole.division = groups.division
left join deletes on deletes.division = groups.division
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = groups.division
left join {{ ref('stg_exact_online__gl_accounts') }} as account
    on account.division = groups.division and account.id = groups.gl_account_id
