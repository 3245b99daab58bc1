{#-
The group that a company belongs to, by `exact_online_group`: one name for all companies, or names with lists of their numbers. A
company that is in none is a group of its own.
-#}
{%- macro group_of(division) -%}
    {%- set groups = var('exact_online_group', '') -%}
    {%- if groups is mapping -%}
        case
            {%- for name, divisions in groups.items() %}
            when {{ division }} in ({{ divisions | join(', ') }}) then '{{ name }}'
            {%- endfor %}
            else cast({{ division }} as {{ dbt.type_string() }})
        end
    {%- elif groups -%}
        '{{ groups }}'
    {%- else -%}
        cast({{ division }} as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro -%}


{#- Whether an account is one on which companies of a group book with each other. -#}
{%- macro is_intercompany(code) -%}
    {%- set accounts = var('exact_online_intercompany_accounts', []) -%}
    {%- if accounts -%}
        coalesce({{ code }} in ('{{ accounts | join("', '") }}'), false)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro -%}
