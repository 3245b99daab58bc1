from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state import Owner

WHOLE = Owner()
ONE, OTHER = frozenset({1, 2}), frozenset({3})


def state_of(note: Any) -> dict[str, Any]:
    """Return a state that is about rows, and says that of whose they are."""
    return {"bookmarks": {"journals": {"at": 1}}, "belongs_to": note}


@pytest.mark.parametrize(
    ("mine", "note"),
    [
        pytest.param(WHOLE, None, id="no note, as of an earlier version"),
        pytest.param(Owner("1/4", ONE, "prod"), None, id="no note, and a part now"),
        pytest.param(Owner("1/4"), {"environment": "prod"}, id="a shard takes over the state of all"),
        pytest.param(Owner("1/4"), {"shard": "1/4"}, id="the same shard"),
        pytest.param(Owner(divisions=ONE), {}, id="some divisions take over the state of all"),
        pytest.param(WHOLE, {"divisions": [1, 2]}, id="all take over the state of some"),
        pytest.param(Owner(divisions=ONE), {"divisions": [2, 3]}, id="divisions come and go"),
        pytest.param(Owner(environment="prod"), {"environment": "prod"}, id="the same environment"),
        pytest.param(WHOLE, {"environment": "prod"}, id="outside of Meltano"),
        pytest.param(Owner(environment="prod"), {"shard": ""}, id="the environment is new"),
        pytest.param(Owner("1/4"), [1], id="no object"),
        pytest.param(Owner("1/4"), {"shard": 4, "divisions": "1", "environment": {}}, id="nothing of a kind"),
    ],
)
def test_a_state_may_be_taken(mine: Owner, note: Any) -> None:
    mine.check(state_of(note))


@pytest.mark.parametrize(
    ("mine", "note", "said"),
    [
        pytest.param(
            Owner("1/4"),
            {"shard": "2/4"},
            "belongs to shard 2/4, and this run reads shard 1/4.",
            id="another shard",
        ),
        pytest.param(
            Owner("1/4"),
            {"shard": "1/3"},
            "belongs to shard 1/3, and this run reads shard 1/4.",
            id="of three",
        ),
        pytest.param(
            WHOLE, {"shard": "2/4"}, "belongs to shard 2/4, and this run reads no shard.", id="a part for all"
        ),
        pytest.param(
            Owner(environment="prod"),
            {"environment": "demo"},
            "belongs to the environment 'demo', and this run is one of 'prod'.",
            id="another environment",
        ),
        pytest.param(
            Owner(divisions=OTHER),
            {"divisions": [1, 2]},
            "belongs to a run over other divisions, and this run reads none of them.",
            id="other divisions",
        ),
        pytest.param(Owner("1/4"), {"shard": "x" * 500}, "belongs to shard xxx", id="far too long"),
    ],
)
def test_a_state_of_another_run_is_refused(mine: Owner, note: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        mine.check(state_of(note))
    assert said in str(refused.value)
    assert "Nothing was read." in str(refused.value)
    assert "`belongs_to`" in str(refused.value)
    assert len(str(refused.value)) < 700


@pytest.mark.parametrize("bookmarks", [{}, {"bookmarks": {}}, {"bookmarks": {"journals": {}}}])
def test_a_state_of_no_row_is_anybodys(bookmarks: dict[str, Any]) -> None:
    Owner("1/4").check({**bookmarks, "belongs_to": {"shard": "2/4"}})


@pytest.mark.parametrize("owner", [Owner("1/4"), Owner(divisions=ONE), Owner("2/3", OTHER, "prod")])
def test_a_note_is_read_as_it_was_written(owner: Owner) -> None:
    assert Owner.read(owner.note()) == owner
    owner.check(state_of(owner.note()))


def test_who_reads_everything_outside_of_meltano_has_nothing_to_say() -> None:
    assert WHOLE.note() is None
