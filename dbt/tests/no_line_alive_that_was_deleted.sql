{{ exact_online.after_certificate() }}
select line.division, line.line_id, line.row_version, log.row_version as deleted_version
from {{ ref('exact_online__general_ledger') }} as line
inner join {{ ref('stg_exact_online__deleted') }} as log
    on log.entity_type = 1 and log.division = line.division and log.entity_key = line.line_id
        and log.row_version >= line.row_version
