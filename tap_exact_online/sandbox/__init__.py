"""A stand-in for Exact Online: the REST API as an HTTP server, with generated books and a strict reading of the rules.

It needs the extra `sandbox` (`pip install "tap-exact-online[sandbox]"`) and is started by `exact-online sandbox`.

    options.py   everything that can be set             clock.py      the sandbox's own time
    values.py    plausible values by name and type      ledger.py     books that balance: line i, payment term i
    chart.py     accounts, journals, VAT codes          calendars.py  periods, rates of currencies
    entries.py   what an entry is made of               cycle.py      the kinds of entries, which repeat
    rounds.py    amounts of the entries of the cycle    specials.py   opening, VAT returns, ends of years
    lines.py     what a line and a term book            terms.py      payment terms
    schemes.py   classifications of accounts            accounting.py tables that say how books are kept
    postings.py  lines, invoices, payment terms         shown.py      which endpoints show which entries
    entry_tables.py  their tables                       alive.py      which lines and terms there are now
    balances.py  lines added up                         moment.py     what the books say at one moment
    reporting.py balances by period, at starts of years overviews.py  results, revenue, closed periods, VAT returns
    openitems.py what is open, and how old it is        computed.py   a shelf of rows that are computed from others
    tables.py    row i of a table as a pure function    shelf.py      a table plus what was changed since
    books.py     all tables of one division             divisions.py  which divisions exist, and who may see them
    query.py     what a query string asks               listing.py    rows in the order that is asked for
    pages.py     one page of rows, prepared or made     wire.py       rows as JSON and as Atom
    answers.py   an answer, and bodies that say no      wording.py    words of refusals, names of types
    limits.py    calls a minute, a day, errors an hour  tokens.py     codes, tokens, rotation
    faults.py    scripted failures                      spoiling.py   what becomes of an answer that one strikes
    replay.py    recorded answers, given again          stats.py      what was asked and answered
    service.py   all state of a running sandbox         oauth.py      consent and token calls
    api.py       one data call                          app.py        HTTP in, HTTP out
    commands.py  what the control API can do            control.py    a client for the control API
    server.py    sockets, TLS, signals
"""
