{{ config(severity='warn') }}

-- As far as the codes of RGS were loaded: each code has the one above it.
with nodes as (

    select distinct division, code
    from {{ ref('stg_exact_online__gl_classifications') }}
    where {{ exact_online.is_rgs('taxonomy_namespace_description') }} and code not like '%.%' and code not like '%:%'

)

select node.division, node.code
from nodes as node
left join nodes as parent
    on parent.division = node.division and parent.code = substr(node.code, 1, length(node.code) - 3)
where length(node.code) > 1 and parent.code is null
