{{ config(severity='warn') }}

-- Each line may be off by a cent of rounding.
select *
from {{ ref('exact_online__vat') }}
where vat_code is not null and abs(difference) > 0.01 * line_count + {{ var('exact_online_tolerance', 0) }}
