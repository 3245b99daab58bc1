"""Foreign text on its way to a person: one line, printable, without the secrets in use."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.spoken import LONGEST, keep_secret, spoken

SECRET = "stampNL001.a!b+c/d&e=f'g\"h-hunter2-and-so-on"


@pytest.fixture(autouse=True)
def _a_secret_is_in_use() -> None:
    keep_secret(SECRET, "short1", "tiny", None, "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Nothing special.", "Nothing special.", id="as-it-is"),
        pytest.param("Café Ünal — 北京", "Café Ünal — 北京", id="letters-of-all-kinds"),
        pytest.param("a\x1b[2Jb\x1b]0;title\x07c", "a [2Jb ]0;title c", id="escapes"),
        pytest.param("one\r\nERROR forged\u2028line", "one ERROR forged line", id="line-ends"),
        pytest.param("a\u202egnp.exe\u200b", "a gnp.exe", id="marks-of-direction"),
        pytest.param("\udcff\0", "", id="nothing-that-shows"),
        pytest.param(f"Bearer {SECRET} refused", "Bearer *** refused", id="a-secret"),
        pytest.param(f"x={quote(SECRET, safe='')}&y", "x=***&y", id="in-a-form"),
        pytest.param(f"x={quote_plus(SECRET)}", "x=***", id="in-a-form-with-plus"),
        pytest.param(f"{SECRET[:30]}...", "***...", id="the-first-part"),
        pytest.param(f"...{SECRET[14:]}", "...***", id="the-last-part"),
        pytest.param(f"{SECRET[:20]}\n{SECRET[20:]}", "*** ***", id="broken-by-a-line-end"),
        pytest.param("a short1 one", "a *** one", id="a-short-secret"),
        pytest.param("a tiny one", "a tiny one", id="what-is-part-of-words"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert spoken(text) == shown


def test_a_long_story_is_cut() -> None:
    assert spoken("word " * 1000).endswith(" word…")
    assert len(spoken("x" * 10**6)) == LONGEST
    assert spoken("abcdef", 4) == "abc…"


@given(st.text(), st.text(), st.integers(0, 30))
def test_whatever_is_around_a_secret_it_does_not_show(before: str, after: str, cut: int) -> None:
    shown = spoken(before + SECRET[: len(SECRET) - cut] + after, 10_000)
    assert not any(SECRET[at : at + 12] in shown for at in range(len(SECRET) - 12))
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1


def test_a_secret_that_repeats_itself_takes_no_time() -> None:
    keep_secret("ab" * 1000)
    assert spoken("ab" * 10_000) == "***"
