{{ config(materialized='table') }}

-- Every ledger line that has to do with VAT, as one of four parts: what VAT is reckoned on (`base`), VAT itself (`vat`), what a
-- return took off the accounts (`settled`), and what else was booked on them without a code (`other`).
{%- set is_on_vat %}(
            vat_accounts.gl_account_id is not null or (line.gl_account_type = 24 and line.line_number >= 9000)
        ){% endset %}
{%- set has_two_accounts %}codes.gl_to_pay <> codes.gl_to_claim{% endset %}
with codes as (

    select
        division, code, vat_transaction_type, gl_to_pay, gl_to_claim, percentage,
        -- Whether 21 % is written as 0.21 or as 21 is not certain; no VAT is above 100 %.
        case when max(percentage) over () > 1 then 0.01 else 1 end as unit
    from {{ ref('stg_exact_online__vat_codes') }}

),

vat_accounts as (

    select
        division,
        gl_account_id,
        case when count(distinct direction) = 1 then min(direction) end as direction
    from (
        select division, gl_to_pay as gl_account_id, 'to_pay' as direction from codes where gl_to_pay is not null
        union all
        select division, gl_to_claim, 'to_claim' from codes where gl_to_claim is not null
    ) as named
    group by 1, 2

),

single_codes as (

    select division, entry_id, min(vat_code) as vat_code
    from {{ ref('stg_exact_online__transaction_lines') }}
    where vat_code is not null
    group by 1, 2
    having count(distinct vat_code) = 1

),

lines as (

    select
        line.*,
        vat_accounts.direction as account_direction,
        {{ is_on_vat }} as is_on_vat,
        -- A line of VAT that says no code has that of its entry, if there is one.
        coalesce(line.vat_code, case when {{ is_on_vat }} and line.line_number >= 9000 then single_codes.vat_code end) as code
    from {{ ref('exact_online__general_ledger') }} as line
    left join vat_accounts on vat_accounts.division = line.division and vat_accounts.gl_account_id = line.gl_account_id
    left join single_codes on single_codes.division = line.division and single_codes.entry_id = line.entry_id
    where line.in_result
    and {{ exact_online.counts('line.status') }}

)

select
    lines.division,
    lines.line_id,
    lines.entry_id,
    lines.financial_year,
    lines.financial_period,
    case when lines.transaction_type <> 50 then lines.code end as vat_code,
    case
        when lines.is_on_vat and lines.transaction_type = 50 then 'settled'
        when lines.is_on_vat and lines.code is null then 'other'
        when lines.is_on_vat then 'vat'
        else 'base'
    end as part,
    case
        when lines.is_on_vat and {{ has_two_accounts }} and lines.gl_account_id = codes.gl_to_pay then 'to_pay'
        when lines.is_on_vat and {{ has_two_accounts }} and lines.gl_account_id = codes.gl_to_claim then 'to_claim'
        when lines.is_on_vat and lines.account_direction is not null then lines.account_direction
        when codes.vat_transaction_type = 'S' or lines.transaction_type in (20, 21) then 'to_pay'
        when codes.vat_transaction_type = 'P' or lines.transaction_type in (30, 31) then 'to_claim'
        when lines.gl_account_type in (110, 140) then 'to_pay'
        else 'to_claim'
    end as direction,
    cast(coalesce(lines.vat_percentage, codes.percentage, 0) * coalesce(codes.unit, 1) as {{ exact_online.decimal(9, 6) }}) as percentage,
    lines.amount
from lines
left join codes on codes.division = lines.division and codes.code = lines.code
where lines.is_on_vat
    -- The side of customers, suppliers and banks is no base, whatever it says.
    or (lines.code is not null and coalesce(lines.gl_account_type, 0) not in (10, 12, 14, 16, 20, 21, 22))
