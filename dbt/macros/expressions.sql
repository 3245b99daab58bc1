{#- A cost center or cost unit where the tables by period are to tell them apart, else nothing. -#}
{%- macro dimension(name) -%}
    {%- set wanted = var('exact_online_dimensions', 'none') in (name, 'both') -%}
    {{- return(name ~ '_code' if wanted else exact_online.cast_as('text', none, none)) -}}
{%- endmacro -%}


{#- Whether what has a status counts: all that was entered, or only what is processed, as the user says. -#}
{%- macro counts(status) -%}
    {{- return(status ~ ' = 50' if var('exact_online_status', 'after_entry') == 'processed' else 'true') -}}
{%- endmacro -%}


{#- A period as a number: they follow each other across years. -#}
{%- macro period_key(period='') -%}
    {%- set of = period ~ '.' if period else '' -%}
    {{- return(of ~ 'financial_year * 1000 + ' ~ of ~ 'financial_period') -}}
{%- endmacro -%}


{#- When the newest of some lines was made or changed, by Exact's own word where it gives one: that one was read again proves no change. -#}
{%- macro last_changed(line) -%}
    {{- return('coalesce(max(coalesce(' ~ line ~ '.modified, ' ~ line ~ '.created)), max(' ~ line ~ '.loaded_at))') -}}
{%- endmacro -%}


{#- Whether a scheme is the Dutch *referentiegrootboekschema*, by its code or its name. -#}
{%- macro is_rgs(name) -%}
    {{- return("coalesce(upper(" ~ name ~ ") like '%RGS%' or upper(" ~ name ~ ") like '%REFERENTIEGROOTBOEK%', false)") -}}
{%- endmacro -%}


{#- A name that some databases keep for themselves. Snowflake does not, and would take what is in quotes for another name. -#}
{%- macro reserved(name) -%}
    {{- return(adapter.dispatch('reserved', 'exact_online')(name)) -}}
{%- endmacro -%}

{%- macro default__reserved(name) -%}
    {{- return(adapter.quote(name)) -}}
{%- endmacro -%}

{%- macro snowflake__reserved(name) -%}
    {{- return(name) -}}
{%- endmacro -%}
