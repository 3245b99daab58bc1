"""What is said of streams and fields: how much of it there is, that it is said once and short, and that it comes from committed data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME, RESOURCES, STREAMS, schema_of, sentences, words_of
from tap_exact_online.catalog.codes import MOST, listed
from tap_exact_online.edm.codes import Codes

ROOT = Path(__file__).parents[2]
UNDESCRIBED = 20
"""How many fields of all streams nobody knows words for. It may only fall."""
PAIRS = [(resource, name) for resource in RESOURCES for name in resource.endpoint.properties]


def test_ever_fewer_fields_are_undescribed() -> None:
    without = [f"{resource.name}.{name}" for resource, name in PAIRS if not words_of(resource.path, name)]
    assert len(without) <= UNDESCRIBED, f"describe them in scripts/field_words.toml: {without}"
    assert len(without) >= UNDESCRIBED, "fewer than before: lower the number above"
    assert len(without) < len(PAIRS) / 10


def test_every_column_of_a_stream_that_is_on_by_default_is_described() -> None:
    for resource in STREAMS:
        if resource.selected or not resource.path:
            for name, schema in schema_of(resource)["properties"].items():
                assert schema.get("description"), f"{resource.name}.{name}"


def test_the_descriptions_are_those_that_the_script_writes() -> None:
    script = [sys.executable, "scripts/write_descriptions.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_description_is_a_sentence_that_loaders_take() -> None:
    for resource in STREAMS:
        for name, schema in schema_of(resource)["properties"].items():
            said = schema.get("description", "")
            assert len(said) <= 1024, f"{resource.name}.{name}"  # BigQuery refuses more
            assert re.fullmatch(r"([A-Z\d].*\.)?", said), f"{resource.name}.{name}: {said}"
            assert "  " not in said


@pytest.mark.parametrize(
    ("stream", "name", "said"),
    [
        pytest.param("accounts", "Name", "Name. Personal data (name).", id="own-words"),
        pytest.param("accounts", "ResellerName", "Name of the reseller. Personal data (name).", id="a-rule"),
        pytest.param(
            "transaction_lines",
            "DueDate",
            "Day on which payment is due. A Dutch wall clock, without an offset.",
            id="a-day",
        ),
        pytest.param("accounts", "Created", "When the row was made. An instant, in UTC.", id="a-moment"),
        pytest.param(
            "payment_terms",
            "LineType",
            "Whether it is to be received or to be paid. Codes: 20 = to be received; 22 = to be paid.",
            id="codes",
        ),
        pytest.param(
            "cost_centers",
            "Active",
            "Whether it is in use. Codes (from one source): 0 = inactive; 1 = active.",
            id="codes-of-one-source",
        ),
        pytest.param(
            "payment_terms",
            "Status",
            "State of the row. Codes: 20 = open; 30 = selected; 40 = processed (paid or collected);"
            " 50 = matched with other items.",
            id="codes-with-brackets",
        ),
        pytest.param(
            "deleted",
            "EntityKey",
            "Key of the row that is gone: `ID` in its stream, `EntryID` in `goods_deliveries` and `subscriptions`,"
            " `StockTransactionId` in `material_issues`.",
            id="one-field-of-one-stream",
        ),
    ],
)
def test_what_a_column_says(stream: str, name: str, said: str) -> None:
    assert schema_of(BY_NAME[stream])["properties"][name]["description"] == said


def test_a_guess_is_called_one() -> None:
    said = schema_of(BY_NAME["payment_terms"])["properties"]["TransactionType"]["description"]
    assert said.startswith("Kind of transaction. Codes (a guess): 10 = opening balance; 20 = sales entry;")
    assert said.endswith("; and more, see the stream code_lists.")


def test_codes_are_never_a_constraint() -> None:
    assert '"enum"' not in json.dumps([schema_of(resource) for resource in STREAMS])


CODES = Codes("list", {"1": "one", "2": "two", "30": "thirty"}, "documented")


@pytest.mark.parametrize(
    ("codes", "room", "text"),
    [
        (CODES, MOST, "Codes: 1 = one; 2 = two; 30 = thirty."),
        (CODES, 37, "Codes: 1 = one; 2 = two; 30 = thirty."),
        (CODES, 36, "Codes: and more, see the stream code_lists."),
        (Codes("list", {"1": "one"}, "guess"), MOST, "Codes (a guess): 1 = one."),
        (Codes("list", {"1": "one"}, "one source"), MOST, "Codes (from one source): 1 = one."),
        (
            Codes("list", {"1": "one"}, "seen", note="2 is not known."),
            MOST,
            "Codes: 1 = one. 2 is not known.",
        ),
    ],
)
def test_codes_as_a_sentence(codes: Codes, room: int, text: str) -> None:
    assert listed(codes, room) == text


@pytest.mark.parametrize("room", range(60, 140))
def test_codes_are_cut_where_there_is_no_room(room: int) -> None:
    codes = Codes(
        "list", {str(number): f"meaning {number}" for number in range(20)}, "documented", note="A note."
    )
    text = listed(codes, room)
    assert len(text) <= room
    assert text.endswith("and more, see the stream code_lists. A note.")
    shown = re.findall(r"(\d+) = meaning (\d+)", text)
    assert shown == [(str(number), str(number)) for number in range(len(shown))]


def test_every_stream_is_told_in_a_sentence_in_the_order_of_the_table() -> None:
    assert [*sentences()] == [resource.name for resource in STREAMS]
    for name, said in sentences().items():
        assert re.fullmatch(r"[A-Z].*[.]", said), name
        assert len(said) < 250, name


def test_nothing_is_read_before_a_schema_is_made() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OPENED], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["imported"] == []
    assert found["described"] == ["code_lists.json", "descriptions.json"]
    assert found["again"] == []
    assert found["forgotten"] == found["described"]  # they are read anew: nothing was kept


_OPENED = """
import json, sys
kept = ("code_lists.json", "descriptions.json", "references.json", "sentences.json", "twins.json")
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
def data():
    names = {name.rpartition("/")[2] for name in opened}
    opened.clear()
    return sorted(names & {*kept})
from tap_exact_online.catalog import BY_NAME, forget_words, schema_of
found = {"imported": data()}
schema_of(BY_NAME["accounts"])
found["described"] = data()
schema_of(BY_NAME["accounts"])
found["again"] = data()
forget_words()
schema_of(BY_NAME["accounts"])
print(json.dumps({**found, "forgotten": data()}))
"""
