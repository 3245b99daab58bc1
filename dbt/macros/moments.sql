{#- The earlier of two moments, of which either may be unknown. -#}
{%- macro earlier_of(one, other) -%}
    {{- return('coalesce(least(' ~ one ~ ', ' ~ other ~ '), ' ~ one ~ ', ' ~ other ~ ')') -}}
{%- endmacro -%}


{#- How many days lie between two moments, with parts of a day. -#}
{%- macro days_between(one, other) -%}
    {{- return('round(cast(' ~ dbt.datediff(one, other, 'second') ~ ' as ' ~ exact_online.decimal(19, 4) ~ ') / 86400, 4)') -}}
{%- endmacro -%}


{#- Whether today is one of the days from one to another. -#}
{%- macro is_current(first_day, last_day) -%}
    coalesce(cast({{ exact_online.now() }} as date) between {{ first_day }} and {{ last_day }}, false)
{%- endmacro -%}
