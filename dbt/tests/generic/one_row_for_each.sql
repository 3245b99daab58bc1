{% test one_row_for_each(model, columns) %}
    {{ exact_online.after_certificate() }}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
