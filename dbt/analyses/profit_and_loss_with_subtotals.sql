-- The profit and loss statement of each year as it is printed: each section, and behind its last section each subtotal, which
-- adds up all that stands above it.
with sections as (

    select
        division, financial_year, section_order, section_name, subtotal_name,
        sum(amount) as amount, sum(amount_last_year) as last_year
    from {{ ref('exact_online__profit_and_loss') }}
    group by 1, 2, 3, 4, 5

),

running as (

    select
        sections.*,
        sum(amount) over (partition by division, financial_year order by section_order) as amount_so_far,
        sum(last_year) over (partition by division, financial_year order by section_order) as last_year_so_far,
        lead(subtotal_name) over (partition by division, financial_year order by section_order) as next_subtotal
    from sections

)

select division, financial_year, section_order, 1 as place, section_name as name, amount, last_year
from running
union all
select division, financial_year, section_order, 2, subtotal_name, amount_so_far, last_year_so_far
from running
where subtotal_name <> coalesce(next_subtotal, '')
order by division, financial_year, section_order, place
