{{ exact_online.after_certificate() }}
-- What is booked on an account that Exact does not know stands in the statements, but in a section of its own.
select booked.division, booked.gl_account_id, booked.financial_year, booked.financial_period, booked.debit, booked.credit
from {{ ref('int_exact_online__booked') }} as booked
left join {{ ref('exact_online__chart_of_accounts') }} as chart
    on chart.division = booked.division and chart.gl_account_id = booked.gl_account_id and chart.is_known
where chart.gl_account_id is null and (booked.debit <> 0 or booked.credit <> 0)
