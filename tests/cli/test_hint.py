"""`exact-online hint`: what it notes, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tap_exact_online.board import Hint, opened_hints
from tests.processes import run


@dataclass
class Noting:
    """Notes hints beside a token store that need not be there yet."""

    folder: Path

    def hint(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TAP_")},
            "TAP_EXACT_ONLINE_CLIENT_ID": "app",
            "TAP_EXACT_ONLINE_CLIENT_SECRET": "secret",
            "TAP_EXACT_ONLINE_STORE": str(self.folder / "tokens.json"),
        }
        return run("exact-online", ["hint", *arguments], given=given, env=env)

    @property
    def noted(self) -> set[Hint]:
        """What is noted; all of it was noted just now."""
        found = {}
        for file in self.folder.glob("tokens.json.*.hints"):
            found = opened_hints(file.read_bytes())
        assert all(abs(time.time() - at) < 120 for at in found.values())
        return {*found}


@pytest.fixture
def noting(tmp_path: Path) -> Noting:
    return Noting(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "given", "said", "noted"),
    [
        (["123456"], b"", "1 hint noted.", {Hint(123456)}),
        (["123456", "items"], b"", "1 hint noted.", {Hint(123456, "items")}),
        (["123456", "*"], b"", "1 hint noted.", {Hint(123456)}),
        ([], b"1\n2 items\n", "2 hints noted.", {Hint(1), Hint(2, "items")}),
        (["-"], b"\n  1  \r\n\n\t2\t items \n3", "3 hints noted.", {Hint(1), Hint(2, "items"), Hint(3)}),
        ([], b"", "0 hints noted.", set()),
    ],
)
def test_hints_come_as_arguments_or_in_lines(
    arguments: list[str], given: bytes, said: str, noted: set[Hint], noting: Noting
) -> None:
    ended = noting.hint(*arguments, given=given)
    assert (ended.returncode, ended.stdout.strip()) == (0, said), ended.stderr
    assert noting.noted == noted


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["items"], b"", "Error: 'items' is no number of a division. A hint is `123456` or"),
        ([""], b"", "'' is no number of a division"),
        (["-", "items"], b"", "'-' is no number of a division"),
        (["9" * 13], b"", "is no number of a division"),
        (["1", "item"], b"", "Error: there is no stream 'item'. Did you mean 'items'?"),
        (["1", "zzz"], b"", "Error: there is no stream 'zzz'.\n"),
        ([], b"1\n\n2 item\n", "Error: line 3: there is no stream 'item'. Did you mean 'items'?"),
        ([], b"1\n1,items\n", "Error: line 2: '1,items' is no number of a division."),
        ([], b"1\n\xff\n", "Error: line 2: '"),
        ([], b"1 items accounts\n", "Error: line 1: there is no stream 'items accounts'."),
    ],
)
def test_of_what_cannot_be_understood_nothing_is_noted(
    arguments: list[str], given: bytes, said: str, noting: Noting
) -> None:
    ended = noting.hint(*arguments, given=given)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert noting.noted == set()


def test_more_hints_come_beside_those_that_are_there(noting: Noting) -> None:
    for division in ("1", "2"):
        noting.hint(division)
    assert noting.noted == {Hint(1), Hint(2)}


def test_a_store_that_cannot_be_written_is_told(noting: Noting) -> None:
    (noting.folder / "tokens.json.file").touch()
    ended = noting.hint("1", "--store", str(noting.folder / "tokens.json.file" / "tokens.json"))
    assert ended.returncode == 1
    assert "Error: Hints cannot be kept at " in ended.stderr
    assert "Check `store`." in ended.stderr
