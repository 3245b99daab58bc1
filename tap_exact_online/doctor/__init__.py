"""What is not right in Exact Online, and where to click: the room behind `exact-online doctor`.

`examination.py` goes through the checks in order and asks what has to be asked, `probes.py` makes the calls. What an
answer means, which calls can be spared, how a state is read and how a matrix of results is laid out are pure functions:
`verdicts.py`, `ledger.py`, `state.py`, `layout.py`. `cures.py` is the table of what to do, `rendering.py` and
`document.py` show the outcome to a person and to a monitor.
"""
