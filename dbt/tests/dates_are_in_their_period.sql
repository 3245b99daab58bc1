{{ config(severity='warn') }}

-- Exact books into the period that the user chose: a date outside of it is allowed, and worth a look.
select line.division, line.financial_year, line.financial_period, count(*) as line_count
from {{ ref('stg_exact_online__transaction_lines') }} as line
inner join {{ ref('exact_online__periods') }} as period
    on period.division = line.division and period.financial_year = line.financial_year
        and period.financial_period = line.financial_period
where line.entry_date < period.first_day or line.entry_date > period.last_day
group by line.division, line.financial_year, line.financial_period
