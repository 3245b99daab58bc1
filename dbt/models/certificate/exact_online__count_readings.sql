-- What Exact's `Count` counts is not known: lines, lines that are not zero, or entries. The reading that fits all groups of a
-- company whose sums are equal is told; null where none fits, or there is nothing to tell from.
{%- set readings = {'lines': 'line_count', 'nonzero_lines': 'nonzero_count', 'entries': 'entry_count'} %}
with fits as (

    select
        division,
        count(*) as group_count
        {%- for reading, counted in readings.items() %},
        cast(sum(case when {{ counted }} = exact_count then 1 else 0 end) as {{ exact_online.type_of('integer') }}) as {{ reading }}_fit
        {%- endfor %}
    from {{ ref('exact_online__reconciliation') }}
    where verdict = 'equal' and line_count > 0 and gl_account_id is not null
    group by 1

)

select
    division,
    group_count as {{ exact_online.reserved('groups') }},
    {%- for reading in readings %}
    {{ reading }}_fit,
    {%- endfor %}
    case
        {%- for reading in readings %}
        when {{ reading }}_fit = group_count then '{{ reading }}'
        {%- endfor %}
    end as reading
from fits
