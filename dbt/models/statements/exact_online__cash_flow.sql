{{ config(materialized='table') }}

-- What became of cash, told twice. Indirect: the result, and how the other accounts of the balance sheet moved. Direct: what
-- stands opposite cash in the entries that touch it, where what is on accounts of the result is other receipts and payments. Both
-- add up to the change of cash, since every entry sums to zero. What the books were opened with is opening cash, and no flow.
-- Whether an entry touches cash is asked of its lines in one pass: to join the lines with themselves takes minutes where the database
-- guesses their number wrong.
{%- set years = var('exact_online_years', []) %}
with charted as (

    select division, gl_account_id, cash_flow_activity as activity, cash_flow_category as category
    from {{ ref('exact_online__chart_of_accounts') }}

),

lines as (

    select
        line.division, line.financial_year, line.financial_period, line.entry_id, line.amount_dc, charted.activity,
        case charted.category when 'result' then 'other' else charted.category end as category,
        max(case charted.activity when 'cash' then 1 else 0 end) over (partition by line.division, line.entry_id) as of_cash
    from {{ ref('stg_exact_online__transaction_lines') }} as line
    inner join charted on charted.division = line.division and charted.gl_account_id = line.gl_account
    left join {{ ref('exact_online_transaction_types') }} as kind on kind.transaction_type = line.type
    where coalesce(kind.in_result, true) and coalesce(line.type, 0) <> 10
    {#- Of years that Exact's balances stand for, the entries are not known. #}
    {%- if years %} and line.financial_year >= {{ years | min }}{% endif %}
    and {{ exact_online.counts('line.status') }}

),

moved as (

    select
        balance.division, balance.financial_year, balance.financial_period, charted.activity, charted.category,
        sum(balance.opening) as opening, sum(balance.closing) as closing, sum(balance.net_before_closing - balance.opened) as net
    from {{ ref('exact_online__trial_balance') }} as balance
    inner join charted on charted.division = balance.division and charted.gl_account_id = balance.gl_account_id
    group by 1, 2, 3, 4, 5

),

flows as (

    select
        'direct' as method, lines.division, lines.financial_year, lines.financial_period, lines.activity,
        lines.category, -sum(lines.amount_dc) as amount
    from lines
    where lines.of_cash = 1 and lines.entry_id is not null and lines.activity <> 'cash'
    group by 2, 3, 4, 5, 6
    union all
    select 'indirect', division, financial_year, financial_period, activity, category, -net
    from moved
    where activity <> 'cash'
    union all
    select
        methods.method, moved.division, moved.financial_year, moved.financial_period, ends.activity, 'cash',
        case ends.activity when 'opening' then moved.opening else moved.closing end
    from moved
    cross join (select 'direct' as method union all select 'indirect') as methods
    cross join (select 'opening' as activity union all select 'closing') as ends
    where moved.activity = 'cash'
    {%- if years %} and (methods.method = 'indirect' or moved.financial_year >= {{ years | min }}){% endif %}

)

select
    division,
    financial_year,
    financial_period,
    method,
    activity,
    category,
    case activity when 'opening' then 1 when 'operating' then 2 when 'investing' then 3 when 'financing' then 4 else 5 end
        as activity_order,
    amount
from flows
where amount <> 0 or activity in ('opening', 'closing')
