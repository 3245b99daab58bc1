-- The code of an account in RGS says its levels itself: B or W, then three letters for each.
{%- set at = [1, 4, 7, 10] %}
with coded as (

    select
        division,
        gl_account_id,
        -- What stands behind `.` or `:` extends the code.
        {{ dbt.split_part(dbt.split_part('classification_code', "'.'", 1), "':'", 1) }} as code
    from {{ ref('int_exact_online__classifications') }}
    where is_rgs

),

names as (

    select division, code, min(description) as name
    from {{ ref('stg_exact_online__gl_classifications') }}
    where description is not null
    group by 1, 2

)

select
    coded.division,
    coded.gl_account_id,
    coded.code as rgs_code,
    cast(floor((length(coded.code) + 2) / 3.0) as integer) as rgs_level,
    {%- for length in at %}
    case when length(coded.code) >= {{ length }} then substr(coded.code, 1, {{ length }}) end as rgs_{{ loop.index }},
    {%- endfor %}
    case when length(coded.code) >= 4 then coalesce(main.name, substr(coded.code, 1, 4)) end as rgs_2_name,
    case when length(coded.code) >= 7 then coalesce(section.name, substr(coded.code, 1, 7)) end as rgs_3_name
from coded
left join names as main on main.division = coded.division and main.code = substr(coded.code, 1, 4)
left join names as section on section.division = coded.division and section.code = substr(coded.code, 1, 7)
