{#-
A stream as the ledger wants it: its columns by our names and types, one row for each key, and no row that is gone in Exact.

A table that is not there has no rows, a column that is not there holds nothing. A row is gone where
- the log of deletes names it, with a row version that is not lower than its own: a row may come back;
- it was not loaded again since a read that was whole began;
- it bears a mark, of the loader or of `exact-online deletes`, and was not read after it.

stream: its name; key: the names of its key; columns: (field, name, kind) of each; deleted_type: its number in the log;
vanishing: whether a whole read tells what is gone.
-#}
{%- macro staged(stream, key, columns, deleted_type=none, vanishing=false) -%}
    {%- set relation = source('exact_online', stream) -%}
    {%- set log = ref('stg_exact_online__deleted') if deleted_type -%}
    {%- set reads = ref('stg_exact_online__reads') if vanishing -%}
    {%- set there = exact_online.columns_there(relation) -%}
    {%- set names = columns | map(attribute=1) | list -%}
    {%- set asked = columns + [
        ('_sdc_extracted_at', 'loaded_at', 'moment'), ('_deleted_at', 'marked_at', 'moment'),
        ('_sdc_deleted_at', 'loader_marked_at', 'moment')
    ] -%}
    {#- A loader that only adds rows keeps the older ones of a key, too. -#}
    {%- set stacked = there and not exact_online.one_row_per_key(relation) -%}

with loaded as (

    select
    {%- for field, name, kind in asked %}
        {%- set column = exact_online.column_of(field, there, relation) %}
        {{ exact_online.cast_as(kind, adapter.quote(column) if column else none, there.get(column)) }} as {{ name }}
        {{- ',' if not loop.last or stacked }}
    {%- endfor %}
    {%- if stacked %}
        row_number() over (
            partition by
                {%- for field, name, kind in columns if name in key %}
                {{ adapter.quote(exact_online.column_of(field, there, relation) or exact_online.spelled(field)) }}
                {{- ',' if not loop.last }}
                {%- endfor %}
            order by {{ exact_online.newest_first(there, relation) }}
        ) as newness
    {%- endif %}
    {{ 'from ' ~ relation if there else 'limit 0' }}

)

select
    {%- for name in names %}
    loaded.{{ name }},
    {%- endfor %}
    loaded.loaded_at
from loaded
where loaded.loader_marked_at is null
    and (loaded.marked_at is null or loaded.marked_at <= loaded.loaded_at)
    {%- if stacked %}
    and loaded.newness = 1
    {%- endif %}
    {%- if var('exact_online_divisions', []) and 'division' in names %}
    and loaded.division in ({{ var('exact_online_divisions') | join(', ') }})
    {%- endif %}
    {%- if deleted_type %}
    and not exists (
        select 1
        from {{ log }} as log
        where log.entity_type = {{ deleted_type }} and log.division = loaded.division
            and log.entity_key = loaded.{{ key[1] }} and log.row_version >= loaded.row_version
    )
    {%- endif %}
    {%- if vanishing %}
    and not exists (
        select 1
        from {{ reads }} as whole_read
        where whole_read.stream = '{{ stream }}' and whole_read.division = loaded.division
            and whole_read.whole_began_at > loaded.loaded_at
    )
    {%- endif %}
{% endmacro %}


{#- What came last counts; where the loader does not keep when that was, the row version tells. -#}
{%- macro newest_first(there, relation) -%}
    {%- set found = [] -%}
    {%- for field in ['_sdc_extracted_at', '_sdc_batched_at', 'Timestamp'] -%}
        {%- set column = exact_online.column_of(field, there, relation) -%}
        {%- if column -%}
            {%- do found.append(adapter.quote(column) ~ ' desc nulls last') -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found | join(', ') or '1') -}}
{%- endmacro -%}
