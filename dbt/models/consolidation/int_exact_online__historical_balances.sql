{{ config(materialized='table') }}

-- What each account holds at the rates of when it was booked. What closes a year is translated at what its result was: accounts of
-- the result close at 0, and what was earned rises by the result of the group.
{%- set keys = 'division, financial_year, financial_period' %}
{%- set period_key = exact_online.period_key() %}
{%- set year = 'over (partition by division, gl_account_id, financial_year)' %}
{%- set year_so_far %}over (
            partition by division, gl_account_id, financial_year
            order by financial_period rows between unbounded preceding and current row
        ){% endset %}
with years as (

    -- What each account of the result holds of its year, before and behind what closes it.
    select
        rated.*,
        sum(net) {{ year_so_far }} as of_the_year,
        sum(closed) {{ year_so_far }} as closed_so_far,
        sum(translated_before_closing) {{ year_so_far }} as translated_so_far,
        sum(net_before_closing) {{ year }} as year_before_closing,
        sum(translated_before_closing) {{ year }} as year_translated,
        min(case when statement = 'profit_and_loss' and closed <> 0 then {{ period_key }} end)
            over (partition by division, financial_year) as first_closed_in
    from {{ ref('int_exact_online__rated_accounts') }} as rated

),

held as (

    select
        years.*,
        case
            when {{ period_key }} < first_closed_in or first_closed_in is null then translated_so_far
            when of_the_year = 0 then 0
            when year_before_closing = 0 then translated_so_far + closed_so_far * average_rate
            else translated_so_far + closed_so_far * year_translated / year_before_closing
        end as year_as_booked
    from years

),

-- What was closed in each period, in the currency of the group: accounts of equity take it over.
moved as (

    select
        held.*,
        year_as_booked - coalesce(lag(year_as_booked) over (
            partition by division, gl_account_id, financial_year order by financial_period
        ), 0) as result_as_booked
    from held

),

closings as (

    select
        moved.*,
        sum(case when statement = 'profit_and_loss' then closed else 0 end) over (partition by {{ keys }}) as all_closed,
        sum(case when statement = 'profit_and_loss' then result_as_booked - translated_before_closing else 0 end)
            over (partition by {{ keys }}) as all_closed_as_booked
    from moved

)

select
    {{ keys }}, gl_account_id, statement, rgs_code, gl_account_code, gl_account_name, section, rate_kind,
    closing_rate, average_rate, net_before_closing, closing,
    sum(case
        when statement = 'profit_and_loss' then result_as_booked
        when all_closed = 0 then net * average_rate
        else translated_before_closing + closed * all_closed_as_booked / all_closed
    end) over (
        partition by division, gl_account_id
        order by financial_year, financial_period rows between unbounded preceding and current row
    ) as net_as_booked
from closings
