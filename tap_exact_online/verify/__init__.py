"""Rows at Exact against rows in the loader's PostgreSQL: the room behind `exact-online verify`.

    keys.py       what two looks at both sides say of each key, and what becomes of it: pure
    database.py   the keys that PostgreSQL holds, and what it knows of them
    asking.py     the keys that Exact holds
    checking.py   the order of it: what is compared, what it costs, and what came of it
    words.py      what is to be done
    document.py   the outcome for a monitor

Exact documents no way to count rows: neither `$count` nor `$inlinecount` is known to be answered, or to be right while rows
change. So every key is read, with nothing beside it but what tells since when the row is so.
"""
