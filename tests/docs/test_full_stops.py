"""No message ends a sentence twice: a text of others that stands before a full stop of ours has lost its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tap_exact_online import errors
from tap_exact_online.auth import failures
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import joined
from tap_exact_online.spoken import unstopped
from tests.docs.messages import PACKAGE, literals, messages

# What holds the words of a server, a system or a library, by the names that they have here.
_FOREIGN = frozenset({"error", "strerror", "said", "why", "reason", "refused", "cause"})
_ENDS = re.compile(r"[.!?](?:\s|$)")


def _before_a_full_stop() -> Iterator[tuple[str, ast.expr]]:
    """Yield what is filled in before a full stop, and where."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for filled, behind in zip(
                getattr(node, "values", ()), getattr(node, "values", ())[1:], strict=False
            ):
                if not isinstance(filled, ast.FormattedValue) or not isinstance(behind, ast.Constant):
                    continue
                if _ENDS.match(str(behind.value)):
                    yield f"{file.relative_to(PACKAGE)}:{filled.lineno}", filled.value


def _names(expression: ast.expr) -> set[str]:
    nodes = [*ast.walk(expression)]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {
        node.id for node in nodes if isinstance(node, ast.Name)
    }


def test_a_text_of_others_has_lost_its_full_stop() -> None:
    found = [*_before_a_full_stop()]
    assert len(found) > 50
    foreign = [(place, each) for place, each in found if _names(each) & _FOREIGN]
    assert foreign
    kept = [
        f"{place}: {ast.unparse(each)}"
        for place, each in foreign
        if not (
            isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "unstopped"
        )
    ]
    assert kept == []


def test_no_text_of_our_own_has_two() -> None:
    texts = [*literals(), *(message.text for message in messages())]
    assert [text for text in texts if re.search(r"[^.]\.\.(?:\s|$)", text)] == []


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Refused.", "Refused"),
        ("Refused. ", "Refused"),
        ("Why?", "Why?"),
        ("cut…", "cut…"),
        ("", ""),
        (None, "None"),
    ],
)
def test_a_text_without_its_full_stop(text: object, without: str) -> None:
    assert unstopped(text) == without


@pytest.mark.parametrize(
    "message",
    [
        str(failures.given_up(Tokens("owner", "a", refused="It is over.", tries=2), "here")),
        joined("It is over.", "Go on."),
        joined("It is over", "Go on."),
        str(errors.ConfigurationError(f"`store`: {unstopped(OSError('No room.'))}. Go on.")),
    ],
)
def test_what_ends_in_a_full_stop_has_one(message: str) -> None:
    assert "over. Go on." in message or ".." not in message
    assert not re.search(r"\.\.(?:\s|$)", message)
