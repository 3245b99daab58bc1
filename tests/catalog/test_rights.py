"""What to check in Exact when a stream is refused."""

from __future__ import annotations

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.catalog.rights import advice
from tap_exact_online.errors import Denied, Refused, joined
from tap_exact_online.wire.responses import Stop, classify

_SCOPE = b"Forbidden - Application Scope Violated.\r\nCannot read 'crm.accounts' scope."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            Denied("403: Forbidden"), ("scope 'Crm accounts'", "right to view accounts"), id="unexplained"
        ),
        pytest.param(Denied("403: blocked", "BlockedUser", whole_division=True), (), id="whole-division"),
        pytest.param(Refused("400: no"), (), id="no-right-is-missing"),
    ],
)
def test_what_to_check_is_said_where_the_refusal_does_not_say_it(
    error: Exception, said: tuple[str, ...]
) -> None:
    text = advice(BY_NAME["accounts"], error)
    assert bool(text) == bool(said)
    assert all(words in text for words in said)


def test_a_scope_that_exact_names_is_all_there_is_to_check() -> None:
    action = classify(403, {}, _SCOPE)
    assert isinstance(action, Stop)
    assert advice(BY_NAME["accounts"], action.error) == ""
    assert str(action.error) == (
        "403: the app registration lacks the scope 'crm.accounts'. Add it in the Exact Online App Centre, then connect"
        " again."
    )


@pytest.mark.parametrize(
    ("said", "then", "text"),
    [
        ("403: Forbidden", "Check it.", "403: Forbidden. Check it."),
        ("403: Forbidden.", "Check it.", "403: Forbidden. Check it."),
        ("Who are you?", "Check it.", "Who are you? Check it."),
        ("403: Forbidden", "", "403: Forbidden"),
    ],
)
def test_sentences_are_joined_by_one_full_stop(said: str, then: str, text: str) -> None:
    assert joined(said, then) == text
