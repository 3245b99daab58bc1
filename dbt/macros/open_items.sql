{#- The side that a control account is on, by the type of the account: debtors and prepayments from them, or creditors. -#}
{%- macro control_kind(type) -%}
    case when {{ type }} in (20, 21) then 'receivable' when {{ type }} = 22 then 'payable' end
{%- endmacro -%}


{#- Today, by the same clock as everything else. -#}
{%- macro today() -%}
    cast({{ exact_online.now() }} as date)
{%- endmacro -%}


{#- The age groups as (name, from, to) in days: what is not due yet, then one for each limit, then what is older than the last. -#}
{%- macro age_groups() -%}
    {%- set limits = var('exact_online_ageing_buckets', [30, 60, 90]) -%}
    {%- set groups = [('not_due', none, 0)] -%}
    {%- for limit in limits -%}
        {%- do groups.append(('bucket_' ~ loop.index, 1 if loop.first else limits[loop.index0 - 1] + 1, limit)) -%}
    {%- endfor -%}
    {%- do groups.append(('bucket_' ~ (limits | length + 1), (limits | last or 0) + 1, none)) -%}
    {{- return(groups) -}}
{%- endmacro -%}


{#- Whether a term was open at the end of a day: paid on that day is no longer open. A day may be any that is past. -#}
{%- macro is_open(invoiced, ended, day) -%}
    ({{ invoiced }} <= {{ day }} and ({{ ended }} is null or {{ ended }} > {{ day }}))
{%- endmacro -%}
