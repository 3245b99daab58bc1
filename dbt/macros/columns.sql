{#- Which columns a table of the loader has, with their types: nothing where the table is not there. The only place that looks. -#}
{%- macro columns_there(relation) -%}
    {%- set found = {} -%}
    {%- if execute and load_relation(relation) -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do found.update({column.name: column.dtype | lower}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro -%}


{#- A name as the loader spells it. -#}
{%- macro spelled(name) -%}
    {%- set case = var('exact_online_case', 'as_is') -%}
    {{- return(name | lower if case == 'lower' else name | upper if case == 'upper' else name) -}}
{%- endmacro -%}


{#- What the tap calls a field where its `column_names` is snake_case; a test holds it against the tap's own. -#}
{%- macro snake_case(name) -%}
    {%- set seam = '(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=VAT)(?=[A-Z])' -%}
    {{- return(modules.re.sub(seam, '_', name) | lower) -}}
{%- endmacro -%}


{#- What a field is called in a table: as at Exact, or in snake_case. None where the table does not have it. -#}
{%- macro column_of(field, there, relation) -%}
    {%- set exact = exact_online.spelled(field) -%}
    {%- set snake = exact_online.spelled(exact_online.snake_case(field)) -%}
    {%- if exact != snake and exact in there and snake in there -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ ' has the columns ' ~ exact ~ ' and ' ~ snake ~ ': rows were loaded with both settings of `column_names`, so that each'
            ~ ' column holds a part of them. Load into a schema of its own with the setting that you want, and build the ledger from that.'
        ) -%}
    {%- endif -%}
    {{- return(exact if exact in there else snake if snake in there else none) -}}
{%- endmacro -%}


{#- Whether the database promises that a key has one row. Where nothing promises it, the loader may only add rows. -#}
{%- macro one_row_per_key(relation) -%}
    {{- return(adapter.dispatch('one_row_per_key', 'exact_online')(relation)) -}}
{%- endmacro -%}

{%- macro default__one_row_per_key(relation) -%}
    {{- return(false) -}}
{%- endmacro -%}

{%- macro postgres__one_row_per_key(relation) -%}
    {%- set asked -%}
        select 1
        from pg_catalog.pg_index as keys
        inner join pg_catalog.pg_class as tables on tables.oid = keys.indrelid
        inner join pg_catalog.pg_namespace as schemas on schemas.oid = tables.relnamespace
        where keys.indisprimary and schemas.nspname = '{{ relation.schema }}' and tables.relname = '{{ relation.identifier }}'
    {%- endset -%}
    {{- return(run_query(asked).rows | length > 0) -}}
{%- endmacro -%}

{%- macro duckdb__one_row_per_key(relation) -%}
    {%- set asked -%}
        select 1
        from duckdb_constraints()
        where constraint_type = 'PRIMARY KEY' and database_name = '{{ relation.database }}'
            and schema_name = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
    {%- endset -%}
    {{- return(run_query(asked).rows | length > 0) -}}
{%- endmacro -%}


{#- Lets the database count what a table holds, where it does not do so by itself at once. PostgreSQL does within a minute, and until
    then takes a new table for nearly empty: it then joins its rows with all lines one by one. -#}
{%- macro counted(relation, materialized) -%}
    {{- return(adapter.dispatch('counted', 'exact_online')(relation, materialized)) -}}
{%- endmacro -%}

{%- macro default__counted(relation, materialized) -%}
    {{- return('') -}}
{%- endmacro -%}

{%- macro postgres__counted(relation, materialized) -%}
    {{- return('analyze ' ~ relation if materialized in ('table', 'incremental') else '') -}}
{%- endmacro -%}
