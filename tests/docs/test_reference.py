"""Whatever the tap has, the docs tell of it: settings, streams, commands, exit codes, messages."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tap_exact_online import errors
from tap_exact_online.catalog.resources import BY_NAME, STREAMS
from tap_exact_online.catalog.schemas import schema_of
from tap_exact_online.cli import COMMANDS
from tap_exact_online.settings import SETTINGS
from tests.docs.messages import HOLE, Message, literals, messages
from tests.docs.pages import ROOT, page


@pytest.mark.parametrize("script", ["write_docs.py", "write_meltano.py"])
def test_generated_parts_are_up_to_date(script: str) -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_setting_has_a_line() -> None:
    for setting in SETTINGS:
        assert f"| `{setting.name}`" in page("settings.md").text


@pytest.mark.parametrize("resource", STREAMS, ids=lambda resource: resource.name)
def test_every_stream_has_a_line_and_a_page_with_all_its_fields(resource: object) -> None:
    name = getattr(resource, "name", "")
    assert f"[`{name}`](streams/{name}.md)" in page("streams.md").text
    own = page(f"streams/{name}.md").text
    for field in schema_of(BY_NAME[name])["properties"]:
        assert f"\n| `{field}` |" in own


def test_every_command_has_a_section_and_all_its_options() -> None:
    sections = page("commands.md").anchors
    for name in COMMANDS:
        assert f"exact-online-{name}" in sections
    assert "tap-exact-online" in sections


def test_every_exit_code_is_told_wherever_exit_codes_are_told() -> None:
    kinds = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.TapError)
    ]
    codes = {0, 143, *(kind.exit_code for kind in kinds)}
    for name in ("running.md", "commands.md"):
        assert codes == {int(code) for code in re.findall(r"^\| (\d+) \|", page(name).text, re.MULTILINE)}
    for kind in kinds:
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


def _documented() -> dict[str, re.Pattern[str]]:
    """Return the messages that the page of troubles explains, each with a pattern for the texts that it stands for.

    Not those of Meltano, which tests let it say.
    """
    blocks = page("troubleshooting.md").blocks
    bodies = [block.body for block in blocks if block.kind == "text" and block.mark != "meltano"]
    lines = [line.strip() for body in bodies for line in body.splitlines() if line.strip()]
    return {line: re.compile(".*".join(map(re.escape, line.split(HOLE)))) for line in lines}


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.place)
def test_every_message_is_explained(message: Message) -> None:
    assert any(pattern.match(message.text) for pattern in _documented().values()), (
        f"docs/troubleshooting.md does not explain what {message.place} says: {message.text}"
    )


def test_every_message_that_is_explained_is_one() -> None:
    said = [re.sub(r"%(?:\.\d+)?[sdfgr]", HOLE, text) for text in literals()]
    for line, pattern in _documented().items():
        assert any(pattern.search(text) for text in said), f"nothing says: {line}"


def test_no_explained_message_is_so_short_that_it_would_stand_for_anything() -> None:
    for line in _documented():
        assert len(re.findall(r"[A-Za-z]{2,}", line)) >= 2, line


def test_messages_are_found_wherever_they_are_made() -> None:
    found = [message.text for message in messages()]
    for beginning in (
        "Not connected to Exact Online",  # returned by a function, and raised elsewhere
        "Cannot reach …, trying again",  # logged
        "`shard`: '…' is not a part i/n",  # a variable, raised
        "The state of '…' has no list of divisions.",  # with advice behind it
        "the name of the server is unknown",  # from a table, inside another
        "No run has used the connection",  # yielded
    ):
        assert any(text.startswith(beginning) for text in found), beginning


def test_a_page_says_what_its_stream_costs_and_stands_for() -> None:
    own = page("streams/accounts.md").text
    assert "| costs | one call for 1,000 rows of what was changed; all of it at first |" in own
    assert "| stands for | `bulk/CRM/Accounts`, `crm/Accounts`: the same rows |" in own
    assert "| costs | one call for 60 rows of the whole, at every run |" in page("streams/units.md").text
    assert "| `crm/Accounts` | [`accounts`](streams/accounts.md) |" in page("streams.md").text


def test_a_page_says_what_its_stream_joins_and_what_its_codes_mean() -> None:
    own = page("streams/payment_terms.md").text
    assert (
        "| `EntryID`, `TransactionEntryID` | [`transaction_lines`](transaction_lines.md) `EntryID` |" in own
    )
    assert "| `LineType` | `20` to be received<br>`22` to be paid | documented |" in own
    assert (
        "| `LineType` | integer | Int16 | yes | Whether it is to be received or to be paid. See its [codes](#codes). |"
        in own
    )
