"""Tokens, and how they stay alive.

`tokens` is the data, `stores` keeps it, `exchange` talks to the token endpoint once, `rotation` decides when, and
`bearer` puts the result on a request. Each knows only those before it.
"""
