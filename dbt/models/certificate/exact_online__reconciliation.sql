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

),

dated as (

    select
        summed.*,
        coalesce(years.read_at, whole.whole_began_at) as read_at
    from summed
    left join years on years.division = summed.division and years.financial_year = summed.financial_year
    -- A year of which Exact says nothing was read where everything was.
    left join {{ ref('stg_exact_online__reads') }} as whole
        on whole.stream = 'reporting_balance' and whole.division = summed.division

),

-- A line that was deleted after the balances were read is still in them, and one that was changed is where it was. Which group that
-- is, is not known any more, but it is one: as many groups may differ as were deleted and changed since, and not one more.
deletes as (

    select dated.division, dated.financial_year, count(*) as deleted
    from (select distinct division, financial_year, read_at from dated) as dated
    inner join {{ ref('stg_exact_online__deleted') }} as log
        on log.division = dated.division and log.entity_type = 1 and log.deleted_date > dated.read_at
    group by 1, 2

),

judged as (

    select
        dated.*,
        sum(case when dated.is_equal or dated.changed_at > dated.read_at then 0 else 1 end)
            over (partition by dated.division, dated.financial_year) as unexplained,
        sum(case when dated.changed_at > dated.read_at then 1 else 0 end) over (partition by dated.division) as changed
    from dated

)

select
    judged.division,
    company.description as division_name,
    company.currency,
    judged.financial_year,
    judged.financial_period,
    judged.gl_account_id,
    coalesce(account.code, judged.gl_account_code) as gl_account_code,
    coalesce(account.description, judged.gl_account_name) as gl_account_name,
    judged.transaction_type,
    judged.status,
    judged.cost_center_code,
    judged.cost_unit_code,
    judged.amount,
    judged.exact_amount,
    judged.difference,
    judged.debit,
    judged.exact_debit,
    judged.credit,
    judged.exact_credit,
    judged.line_count,
    judged.nonzero_count,
    judged.entry_count,
    judged.exact_count,
    judged.changed_at,
    judged.read_at as balances_read_at,
    case
        when judged.read_at is null then 'not_read'
        when judged.is_equal then 'equal'
        when judged.changed_at > judged.read_at then 'moving'
        when judged.unexplained <= coalesce(deletes.deleted, 0) + judged.changed then 'moving'
        when judged.line_count = 0 then 'missing_here'
        when judged.in_exact = 0 then 'only_here'
        else 'differs'
    end as verdict
from judged
left join deletes
    on deletes.division = judged.division and deletes.financial_year = judged.financial_year
left join {{ ref('stg_exact_online__divisions') }} as company on company.division = judged.division
left join {{ ref('stg_exact_online__gl_accounts') }} as account
    on account.division = judged.division and account.id = judged.gl_account_id
