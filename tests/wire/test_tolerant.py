"""What it costs to take an answer apart that is not quite JSON."""

from __future__ import annotations

import tracemalloc

import pytest

from tap_exact_online.wire.tolerant import DoubtfulBody, MalformedBody, record, split

_MB = 1 << 20


def test_a_text_with_quotes_that_is_cut_off_takes_no_time() -> None:
    # Who goes back in it at every quote is not done before the day ends.
    with pytest.raises(MalformedBody, match="not JSON"):
        split(b'{"d": {"results": [{"Remarks": "' + rb"<p class=\"x\">" * 300_000)


@pytest.mark.parametrize("text", [b"a\x01" * (_MB // 2), rb"\"" * (_MB // 2) + b"\x01"])
def test_a_long_text_takes_memory_like_itself(text: bytes) -> None:
    raw = b'{"Remarks": "' + text + b'"}'
    tracemalloc.start()
    try:
        with pytest.raises(DoubtfulBody):
            record(raw, trusted=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * len(raw)
