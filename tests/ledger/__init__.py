"""Tests of the dbt package, on both databases. `make ledger` installs dbt and runs them; `make test` leaves them out."""
