{{ exact_online.after_certificate() }}
-- B or W, then three letters for each level.
select division, gl_account_code, classification_code, rgs_code
from {{ ref('exact_online__chart_of_accounts') }}
where rgs_code is not null
    and (substr(rgs_code, 1, 1) not in ('B', 'W') or length(rgs_code) not in (1, 4, 7, 10, 13))
