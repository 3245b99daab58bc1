-- The one place of each account in the scheme that is wanted: the newest RGS, the company's main scheme, or a code.
{%- set scheme = var('exact_online_scheme', 'rgs') %}
with schemes as (

    -- Of RGS 3.5 and RGS 3.10, the longer one is the newer one.
    select *, dense_rank() over (partition by division order by length(scheme_code) desc, scheme_code desc) as age
    from {{ ref('int_exact_online__mappings') }}
    where {{ {'rgs': 'is_rgs', 'main': 'is_main'}.get(scheme, "scheme_code = '" ~ scheme ~ "'") }}

),

-- An account may have several places in a scheme: it stands in the first.
mapped as (

    select *, row_number() over (partition by division, gl_account_id order by classification_code, mapping_id) as place
    from schemes
    where age = 1

)

select
    mapped.division,
    mapped.gl_account_id,
    mapped.scheme_code,
    mapped.is_rgs,
    mapped.classification_code,
    coalesce(mapped.classification_name, node.description) as classification_name,
    {% for step in range(4, 0, -1) -%}
    coalesce(coalesce(parent_{{ step }}.description, parent_{{ step }}.code) || ' > ', '') ||
    {% endfor -%}
    coalesce(mapped.classification_name, node.description, mapped.classification_code) as classification_path
from mapped
left join {{ ref('stg_exact_online__gl_classifications') }} as node
    on node.division = mapped.division and node.id = mapped.classification_id
{%- for step in range(1, 5) %}
left join {{ ref('stg_exact_online__gl_classifications') }} as parent_{{ step }}
    on parent_{{ step }}.division = mapped.division
        and parent_{{ step }}.id = {{ 'node' if step == 1 else 'parent_' ~ (step - 1) }}.parent
{%- endfor %}
where mapped.place = 1
