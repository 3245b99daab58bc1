{#- How each kind of column is cast from whatever type a loader chose. `kind` is one of those of scripts/ledger_staging.py. -#}
{%- macro cast_as(kind, value, type) -%}
    {%- if value is none -%}
        cast(null as {{ exact_online.type_of(kind) }})
    {%- elif kind == 'id' -%}
        {%- set text = exact_online.text_of(value, type) -%}
        {{- text if type == 'uuid' else 'lower(' ~ text ~ ')' -}}
    {%- elif kind == 'text' -%}
        nullif({{ exact_online.text_of(value, type) }}, '')
    {%- elif kind == 'boolean' and type != 'boolean' -%}
        cast({{ exact_online.text_of(value, type) }} as boolean)
    {%- elif kind == 'moment' -%}
        {{- exact_online.moment_of(value, type) -}}
    {%- elif kind == 'date' -%}
        cast({{ exact_online.moment_of(value, type) }} as date)
    {%- elif kind == 'amount' -%}
        {{- exact_online.amount_of(exact_online.plain(value, type)) -}}
    {%- elif type == exact_online.type_of(kind) -%}
        {{- value -}}
    {%- else -%}
        cast({{ exact_online.plain(value, type) }} as {{ exact_online.type_of(kind) }})
    {%- endif -%}
{%- endmacro -%}


{%- macro type_of(kind) -%}
    {%- set types = {
        'integer': 'bigint', 'boolean': 'boolean', 'date': 'date', 'amount': exact_online.decimal(19, 4),
        'number': exact_online.decimal(28, 12), 'moment': exact_online.moment_type()
    } -%}
    {{- return(types.get(kind, dbt.type_string() | lower)) -}}
{%- endmacro -%}


{#- A value that the loader put into a column of JSON is taken out of it. -#}
{%- macro plain(value, type) -%}
    {{- return(adapter.dispatch('plain', 'exact_online')(value, type)) -}}
{%- endmacro -%}

{%- macro default__plain(value, type) -%}
    {{- return(value) -}}
{%- endmacro -%}

{%- macro postgres__plain(value, type) -%}
    {{- return(value ~ " #>> '{}'" if type in ('json', 'jsonb') else value) -}}
{%- endmacro -%}

{%- macro duckdb__plain(value, type) -%}
    {{- return(value ~ " ->> '$'" if type == 'json' else value) -}}
{%- endmacro -%}


{%- macro text_of(value, type) -%}
    {%- set text = dbt.type_string() | lower -%}
    {%- set same = type in (text, 'character varying', 'varchar') -%}
    {{- return(value if same else 'cast(' ~ exact_online.plain(value, type) ~ ' as ' ~ text ~ ')') -}}
{%- endmacro -%}


{%- macro decimal(digits, places) -%}
    {{- return(adapter.dispatch('decimal', 'exact_online')(digits, places)) -}}
{%- endmacro -%}

{%- macro default__decimal(digits, places) -%}
    {{- return('numeric(' ~ digits ~ ', ' ~ places ~ ')') -}}
{%- endmacro -%}

{#- It takes no digits in a cast. -#}
{%- macro bigquery__decimal(digits, places) -%}
    {{- return('numeric') -}}
{%- endmacro -%}


{%- macro amount_of(value) -%}
    {{- return(adapter.dispatch('amount_of', 'exact_online')(value)) -}}
{%- endmacro -%}

{%- macro default__amount_of(value) -%}
    {{- return('cast(' ~ value ~ ' as ' ~ exact_online.decimal(19, 4) ~ ')') -}}
{%- endmacro -%}

{%- macro bigquery__amount_of(value) -%}
    {{- return('round(cast(' ~ value ~ ' as numeric), 4)') -}}
{%- endmacro -%}


{#- A moment has no time zone and is in UTC, so that no clock of a session can move it. -#}
{%- macro moment_type() -%}
    {{- return(adapter.dispatch('moment_type', 'exact_online')()) -}}
{%- endmacro -%}

{%- macro default__moment_type() -%}
    {{- return('timestamp') -}}
{%- endmacro -%}

{%- macro bigquery__moment_type() -%}
    {{- return('datetime') -}}
{%- endmacro -%}

{%- macro snowflake__moment_type() -%}
    {{- return('timestamp_ntz') -}}
{%- endmacro -%}

{%- macro databricks__moment_type() -%}
    {{- return('timestamp_ntz') -}}
{%- endmacro -%}


{%- macro moment_of(value, type) -%}
    {{- return(adapter.dispatch('moment_of', 'exact_online')(value, type)) -}}
{%- endmacro -%}

{%- macro default__moment_of(value, type) -%}
    {%- if type in ('timestamp with time zone', 'timestamptz') -%}
        {{- return('(' ~ value ~ " at time zone 'UTC')") -}}
    {%- endif -%}
    {%- set same = type in ('timestamp', 'timestamp without time zone') -%}
    {{- return(value if same else 'cast(' ~ exact_online.plain(value, type) ~ ' as timestamp)') -}}
{%- endmacro -%}

{%- macro bigquery__moment_of(value, type) -%}
    {{- return("datetime(" ~ value ~ ", 'UTC')" if type == 'timestamp' else 'cast(' ~ value ~ ' as datetime)') -}}
{%- endmacro -%}

{%- macro snowflake__moment_of(value, type) -%}
    {%- set zoned = type in ('timestamp_tz', 'timestamp_ltz') -%}
    {{- return("cast(convert_timezone('UTC', " ~ value ~ ') as timestamp_ntz)' if zoned
        else 'cast(' ~ value ~ ' as timestamp_ntz)') -}}
{%- endmacro -%}

{%- macro databricks__moment_of(value, type) -%}
    {{- return('cast(to_utc_timestamp(' ~ value ~ ', current_timezone()) as timestamp_ntz)' if type == 'timestamp'
        else 'cast(' ~ value ~ ' as timestamp_ntz)') -}}
{%- endmacro -%}


{#- The present moment, in UTC as all others. -#}
{%- macro now() -%}
    {{- return(adapter.dispatch('now', 'exact_online')()) -}}
{%- endmacro -%}

{%- macro default__now() -%}
    {{- return("(current_timestamp at time zone 'UTC')") -}}
{%- endmacro -%}

{%- macro bigquery__now() -%}
    {{- return("current_datetime('UTC')") -}}
{%- endmacro -%}

{%- macro snowflake__now() -%}
    {{- return('sysdate()') -}}
{%- endmacro -%}

{%- macro databricks__now() -%}
    {{- return('cast(to_utc_timestamp(current_timestamp(), current_timezone()) as timestamp_ntz)') -}}
{%- endmacro -%}
