"""From rows to a ledger: the dbt package, how it is built, and its certificate, which says whether the books are whole.

package.py      where the dbt package is, and what writing it into a project does to which file
profile.py      how dbt finds the database
building.py     what dbt is asked to do, and in which order
certificate.py  what the ledger says of its own completeness; the verdicts, and what an exit code means
reading.py      the certificate out of its two tables
databases.py    PostgreSQL and DuckDB, at the edge
drawing.py      the certificate on a terminal
document.py     ... as JSON
page.py         ... as a page that needs nothing from elsewhere
explained.py    the words that all three share
"""
