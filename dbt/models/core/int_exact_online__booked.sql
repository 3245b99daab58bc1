-- What the statements add up: the lines. Where `exact_online_years` says from which year on the lines are whole, the years before
-- it come from Exact's own balances, as far as they were read: of lines that were read from a date on, only some are there.
{%- set years = var('exact_online_years', []) %}
{%- set columns %}
    division, financial_year, financial_period, gl_account_id, transaction_type, status, cost_center_code, cost_unit_code,
    amount, debit, credit
{%- endset %}
with booked as (

    select {{ columns }}, line_count, 'lines' as source
    from {{ ref('int_exact_online__movements') }} as movement
    {%- if years %}
    where financial_year >= {{ years | min }}
        or not exists (
            select 1
            from {{ ref('int_exact_online__balances') }} as balance
            where balance.division = movement.division and balance.financial_year = movement.financial_year
        )
    union all
    select {{ columns }}, 0, 'balances'
    from {{ ref('int_exact_online__balances') }}
    where financial_year < {{ years | min }}
    {%- else %}
    -- depends_on: {{ ref('int_exact_online__balances') }}
    {%- endif %}

)

select
    booked.*,
    coalesce(kind.in_result, true) as in_result,
    coalesce(kind.in_balance, true) as in_balance
from booked
left join {{ ref('exact_online_transaction_types') }} as kind on kind.transaction_type = booked.transaction_type
