-- The one classification of each account in the scheme that is wanted: the newest RGS, the company's main scheme, or a code.
{%- set scheme = var('exact_online_scheme', 'rgs') %}
with schemes as (

    select
        mapping.division,
        mapping.gl_scheme_code,
        -- Of RGS 3.5 and RGS 3.10, the longer one is the newer one.
        row_number() over (
            partition by mapping.division
            order by length(mapping.gl_scheme_code) desc, mapping.gl_scheme_code desc
        ) as newness
    from {{ ref('stg_exact_online__gl_account_classification_mappings') }} as mapping
    left join {{ ref('stg_exact_online__gl_schemes') }} as scheme
        on scheme.division = mapping.division and scheme.code = mapping.gl_scheme_code
    {%- if scheme == 'rgs' %}
    where {{ exact_online.is_rgs('mapping.gl_scheme_code') }} or {{ exact_online.is_rgs('mapping.gl_scheme_description') }}
    {%- elif scheme == 'main' %}
    where scheme.main = 1
    {%- else %}
    where mapping.gl_scheme_code = '{{ scheme }}'
    {%- endif %}
    group by 1, 2

),

mapped as (

    select
        mapping.*,
        row_number() over (
            partition by mapping.division, mapping.gl_account order by mapping.classification_code, mapping.id
        ) as place
    from {{ ref('stg_exact_online__gl_account_classification_mappings') }} as mapping
    inner join schemes
        on schemes.division = mapping.division and schemes.gl_scheme_code = mapping.gl_scheme_code
            and schemes.newness = 1

)

select
    mapped.division,
    mapped.gl_account as gl_account_id,
    mapped.gl_scheme_code as scheme_code,
    {{ exact_online.is_rgs('mapped.gl_scheme_code') }} or {{ exact_online.is_rgs('mapped.gl_scheme_description') }} as is_rgs,
    mapped.classification_code,
    coalesce(mapped.classification_description, node.description) as classification_name,
    {% for step in range(4, 0, -1) -%}
    coalesce(coalesce(parent_{{ step }}.description, parent_{{ step }}.code) || ' > ', '') ||
    {% endfor -%}
    coalesce(mapped.classification_description, node.description, mapped.classification_code) as classification_path
from mapped
left join {{ ref('stg_exact_online__gl_classifications') }} as node
    on node.division = mapped.division and node.id = mapped.classification
{%- for step in range(1, 5) %}
left join {{ ref('stg_exact_online__gl_classifications') }} as parent_{{ step }}
    on parent_{{ step }}.division = mapped.division
        and parent_{{ step }}.id = {{ 'node' if step == 1 else 'parent_' ~ (step - 1) }}.parent
{%- endfor %}
where mapped.place = 1
