-- Every year that is known, with what each witness says of it. One that speaks, but of other years, says nothing of this one.
{%- set witnesses = {
    'result_witness': 'result', 'opening_witness': 'opening', 'receivables_witness': 'receivables', 'payables_witness': 'payables'
} %}
with spoken as (

    select
        division,
        financial_year
        {%- for name, witness in witnesses.items() %},
        max(case when witness = '{{ witness }}' then verdict end) as {{ name }}
        {%- endfor %}
    from {{ ref('exact_online__witnesses') }}
    group by 1, 2

),

speaking as (

    select
        division
        {%- for name, witness in witnesses.items() %},
        max(case when witness = '{{ witness }}' then 'does_not_apply' end) as {{ name }}
        {%- endfor %}
    from {{ ref('exact_online__witnesses') }}
    group by 1

)

select
    known.division,
    known.financial_year
    {%- for name in witnesses %},
    coalesce(spoken.{{ name }}, speaking.{{ name }}, 'not_read') as {{ name }}
    {%- endfor %}
from {{ ref('int_exact_online__known_years') }} as known
left join spoken on spoken.division = known.division and spoken.financial_year = known.financial_year
left join speaking on speaking.division = known.division
