{{ config(materialized='table') }}

-- What the lines add up to against what Exact says they do, group by group as Exact forms them. A verdict is a row.
with deletes as (

    -- A line that was deleted after the balances were read is still in them, and one that was changed is where it was. Which group
    -- that is, is not known any more, but it is one: as many groups may differ as were deleted and changed since, and not one more.
    select years.division, years.financial_year, count(*) as deleted
    from (select distinct division, financial_year, read_at from {{ ref('int_exact_online__groups') }}) as years
    inner join {{ ref('stg_exact_online__deleted') }} as log
        on log.division = years.division and log.entity_type = 1 and log.deleted_date > years.read_at
    group by 1, 2

),

judged as (

    select
        compared.*,
        sum(case when is_equal or changed_at > read_at then 0 else 1 end)
            over (partition by division, financial_year) as unexplained,
        sum(case when changed_at > read_at then 1 else 0 end) over (partition by division) as changed
    from {{ ref('int_exact_online__groups') }} as compared

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
