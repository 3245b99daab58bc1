{#-
Lets a test run after the certificate is there. `dbt build` skips all that is built on what a test found wrong; the certificate is
the one table that must be there just then.
-#}
{%- macro after_certificate() -%}
    -- depends_on: {{ ref('exact_online__completeness') }}
{%- endmacro -%}
