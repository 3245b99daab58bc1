{#- A cost center or cost unit where the tables by period are to tell them apart, else nothing. -#}
{%- macro dimension(name) -%}
    {%- set wanted = var('exact_online_dimensions', 'none') in (name, 'both') -%}
    {{- return(name ~ '_code' if wanted else exact_online.cast_as('text', none, none)) -}}
{%- endmacro -%}


{#- The later of two moments, of which either may be unknown. Databases differ in what the greatest of nothing is. -#}
{%- macro later_of(one, other) -%}
    {{- return('coalesce(greatest(' ~ one ~ ', ' ~ other ~ '), ' ~ one ~ ', ' ~ other ~ ')') -}}
{%- endmacro -%}


{#- The code of RGS, without an extension behind `.` or `:`. Its levels are its letters: B or W, then three for each level. -#}
{%- macro rgs_code(scheme, code) -%}
    case when upper({{ scheme }}) like 'RGS%'
        then {{ dbt.split_part(dbt.split_part(code, "'.'", 1), "':'", 1) }} end
{%- endmacro -%}
