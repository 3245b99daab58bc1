"""What is not right in Exact Online, and where to click: the room behind `exact-online doctor`.

`examination.py` goes through the checks in order and asks what has to be asked, `grants.py` reads the list of divisions,
`probes.py` makes the calls. What an answer means, which calls can be spared, what all of them come to, what a state tells
and how a matrix of results is laid out are pure functions: `verdicts.py`, `ledger.py`, `conclusions.py`, `state.py`,
`layout.py`. `findings.py` is what all of them find and `cures.py` the table of what to do; `rendering.py` and
`document.py` show the outcome to a person and to a monitor.
"""
