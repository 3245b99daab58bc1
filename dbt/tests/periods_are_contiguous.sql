{{ config(severity='warn') }}

select *
from {{ ref('exact_online__periods') }}
where days_missing_before <> 0 or days < 1
