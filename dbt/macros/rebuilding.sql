{#-
Takes the views of an earlier build away before the first model is built, one after the other. PostgreSQL takes away with a view all
that rests on it. Where dbt puts a new view in the place of an old one, several at once, two of them then wait for each other for
ever, now and then: each holds what the other one takes away.
-#}
{%- macro make_way() -%}
    {{- return(adapter.dispatch('make_way', 'exact_online')()) -}}
{%- endmacro -%}

{%- macro default__make_way() -%}
    {{- return('') -}}
{%- endmacro -%}

{%- macro postgres__make_way() -%}
    {%- set gone = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.unique_id in selected_resources and node.package_name == 'exact_online' and node.resource_type == 'model' -%}
                {%- set there = adapter.get_relation(node.database, node.schema, node.alias) -%}
                {%- if there is not none and there.type == 'view' -%}
                    {%- do adapter.cache_dropped(there) -%}
                    {%- do gone.append('drop view if exists ' ~ there ~ ' cascade') -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(gone | join('; ')) -}}
{%- endmacro -%}
