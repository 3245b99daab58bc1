-- Which account has which place in which scheme, and what kind of scheme that is.
select
    mapping.division,
    mapping.id as mapping_id,
    mapping.gl_account as gl_account_id,
    mapping.gl_scheme_code as scheme_code,
    mapping.classification as classification_id,
    mapping.classification_code,
    mapping.classification_description as classification_name,
    {{ exact_online.is_rgs('mapping.gl_scheme_code') }} or {{ exact_online.is_rgs('mapping.gl_scheme_description') }} as is_rgs,
    coalesce(scheme.main, 0) = 1 as is_main
from {{ ref('stg_exact_online__gl_account_classification_mappings') }} as mapping
left join {{ ref('stg_exact_online__gl_schemes') }} as scheme
    on scheme.division = mapping.division and scheme.code = mapping.gl_scheme_code
