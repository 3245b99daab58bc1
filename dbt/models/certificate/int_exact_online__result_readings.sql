-- The result of this year and the last: ours against that of Exact's overview. How far Exact's year goes, and whether it holds
-- what is not processed, is not known, so each reading is a row.
{%- set readings = {
    'whole_year': 'true',
    'until_now': '(told.until_period is null or line.financial_period <= told.until_period)',
    'processed': 'line.status = 50',
    'processed_until_now': '(told.until_period is null or line.financial_period <= told.until_period) and line.status = 50',
} %}
with told as (

    select division, current_year as financial_year, current_period as until_period,
        result_current_year as exact_amount, loaded_at
    from {{ ref('stg_exact_online__profit_loss_overview') }}
    union all
    select division, previous_year, null, result_previous_year, loaded_at
    from {{ ref('stg_exact_online__profit_loss_overview') }}

),

line as (

    select movement.division, movement.financial_year, movement.financial_period, movement.status,
        -movement.amount as amount, movement.changed_at as changed_at
    from {{ ref('int_exact_online__movements') }} as movement
    inner join {{ ref('exact_online__chart_of_accounts') }} as account
        on account.division = movement.division and account.gl_account_id = movement.gl_account_id
            and account.statement = 'profit_and_loss'
    left join {{ ref('exact_online_transaction_types') }} as kind on kind.transaction_type = movement.transaction_type
    where coalesce(kind.in_result, true)

)
{% for reading, condition in readings.items() %}
select
    told.division,
    told.financial_year,
    'result' as witness,
    {{ loop.index }} as preference,
    '{{ reading }}' as reading,
    coalesce(sum(case when {{ condition }} then line.amount end), 0) as amount,
    max(told.exact_amount) as exact_amount,
    abs(max(told.exact_amount) - coalesce(sum(case when {{ condition }} then line.amount end), 0)) as difference,
    min(told.loaded_at) as read_at,
    max(line.changed_at) as changed_at
from told
left join line on line.division = told.division and line.financial_year = told.financial_year
where told.exact_amount is not null
group by told.division, told.financial_year
{% if not loop.last %}
union all
{% endif %}
{%- endfor %}
