-- Exact's own sums, of the last read of each year. A closed year is read again only now and then, so what is gone from a year
-- shows when the year itself was read anew.
with dated as (

    select
        balance.*,
        reads.began_at,
        max(balance.loaded_at) over (partition by balance.division, balance.reporting_year) as year_loaded_at
    from {{ ref('stg_exact_online__reporting_balance') }} as balance
    left join {{ ref('stg_exact_online__reads') }} as reads
        on reads.stream = 'reporting_balance' and reads.division = balance.division

)

select
    division,
    reporting_year as financial_year,
    reporting_period as financial_period,
    gl_account as gl_account_id,
    gl_account_code,
    gl_account_description as gl_account_name,
    balance_type,
    type as transaction_type,
    status,
    cost_center_code,
    cost_unit_code,
    coalesce(amount, 0) as amount,
    coalesce(amount_debit, 0) as debit,
    -- Whether Exact writes a credit as a positive or as a negative number is not known: both are understood.
    abs(coalesce(amount_credit, 0)) as credit,
    coalesce(transaction_count, 0) as transaction_count,
    -- Since a read takes a while, what the books were like is only known of when it began.
    min(case when loaded_at >= began_at then began_at else loaded_at end)
        over (partition by division, reporting_year) as read_at
from dated
where began_at is null or year_loaded_at < began_at or loaded_at >= began_at
