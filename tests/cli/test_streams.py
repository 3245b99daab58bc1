"""`exact-online streams`: what there is to read, and what it costs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from typing import Any

import pytest
import yaml

from demo.project import ROOT
from tap_exact_online.catalog import BY_NAME, GROUPS, PURPOSES, STREAMS, bill, cost, marked
from tap_exact_online.cli.streams import found, personal
from tests.cli.program import COMMAND
from tests.processes import on_a_full_disk


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "streams", *options], capture_output=True, text=True, check=False, timeout=60
    )


def document(*options: str) -> list[dict[str, Any]]:
    ended = run("--json", *options)
    assert ended.returncode == 0, ended.stderr
    rows: list[dict[str, Any]] = json.loads(ended.stdout)["streams"]
    return rows


def test_all_streams_are_listed_in_each_form() -> None:
    rows = document()
    assert [row["stream"] for row in rows] == [resource.name for resource in STREAMS]
    table = [*csv.DictReader(io.StringIO(run("--csv").stdout))]
    assert [row["stream"] for row in table] == [row["stream"] for row in rows]
    text = run().stdout
    assert not [row["stream"] for row in rows if row["stream"] not in text]
    assert f"{len(STREAMS)} streams: a run that finds nothing new takes at least" in " ".join(text.split())


def test_filters_narrow_the_list() -> None:
    assert {row["group"] for row in document("--group", "projects")} == {"projects"}
    assert {row["stream"] for row in document("--search", "GLSchemes")} == {"gl_schemes"}
    assert {row["stream"] for row in document("--field", "bsn")} >= {"accounts"}
    selected = {row["stream"] for row in document("--selected")}
    assert selected == {resource.name for resource in STREAMS if resource.selected}


def test_who_looks_for_an_endpoint_finds_the_stream_to_use_instead() -> None:
    assert {row["stream"] for row in document("--search", "salesinvoice/SalesInvoiceLines")} == {
        "sales_invoices"
    }
    text = " ".join(run("--search", "salesinvoice/SalesInvoiceLines").stdout.split())
    assert "salesinvoice/SalesInvoiceLines -> sales_invoices" in text


def test_lines_for_meltano() -> None:
    ended = run("--select", "--group", "cash_flow")
    chosen = yaml.safe_load(ended.stdout)["select"]
    names = [resource.name for resource in STREAMS if resource.group == "cash_flow"]
    assert [each for each in chosen if not each.startswith("!")] == [f"{name}.*" for name in names]
    # As the project that ships has them: no field comes in that nobody wants by accident.
    default = yaml.safe_load(run("--select").stdout)["select"]
    (tap,) = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]["extractors"]
    assert default == tap["select"]
    assert "!accounts.Logo" in default


def test_lines_for_a_ledger() -> None:
    ended = run("--for", "ledger", "--select")
    chosen = yaml.safe_load(ended.stdout)["select"]
    usual = [resource.name for resource in STREAMS if resource.selected]
    wanted = {f"{name}.*" for name in (*PURPOSES["ledger"], *usual)}
    assert {each for each in chosen if not each.startswith("!")} == wanted
    assert {"transaction_lines.*", "documents.*", "!accounts.Logo"} <= {*chosen}
    assert f"# {len(wanted)} streams: a run that finds nothing new takes at least" in ended.stdout


def test_a_ledger_needs_what_the_package_stages_and_nothing_else() -> None:
    prefix = "stg_exact_online__"
    staged = [file.stem.removeprefix(prefix) for file in (ROOT / "dbt/models/staging").glob(f"{prefix}*.sql")]
    assert sorted(PURPOSES["ledger"]) == sorted(staged)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--group", "nonsense"), 2, "there is no group 'nonsense'. The groups are settings, ledger"),
        (("--search", "nothing of the kind"), 1, "no stream fits"),
        (("--personal", "--search", "reads"), 1, "no field of these streams tells of a person"),
        (("--personal", "--select"), 2, "--select: goes without --personal"),
    ],
)
def test_what_cannot_be_found_is_said(options: tuple[str, ...], code: int, words: str) -> None:
    ended = run(*options)
    assert ended.returncode == code
    assert words in ended.stderr


@pytest.mark.parametrize(
    ("name", "calls", "page"),
    [
        ("transaction_lines", "1", 1000),
        ("journals", "1", 60),
        ("receivables_list", "1+", 60),
        ("reporting_balance", "3+", 60),
        ("sales_entry_lines", "1", 60),
        ("current_user", "0", 60),
        ("reads", "0", 60),
        ("incoterms", "1+", 60),
    ],
)
def test_what_a_stream_costs(name: str, calls: str, page: int) -> None:
    costs = cost(BY_NAME[name])
    assert (costs.text, costs.page) == (calls, page)


def test_what_a_selection_costs() -> None:
    some = [BY_NAME[name] for name in ("accounts", "journals", "incoterms", "shipping_methods", "divisions")]
    costs = bill(some)
    assert costs.every_run == 2
    assert costs.daily == pytest.approx(1 + 1 / 7)
    assert costs.runs(60) == 29
    assert bill([]).runs(10) == 10


def test_fields_that_tell_of_a_person_are_listed() -> None:
    ended = run("--personal", "--json", "--search", "sync/CRM/Accounts")
    rows = json.loads(ended.stdout)["personal"]
    told = marked("sync/CRM/Accounts")
    assert [(row["class"], row["field"]) for row in rows] == [
        (tells.value, name) for name, tells in told.items()
    ]
    usual = {row["field"]: row["read_by_default"] for row in rows}
    assert {row["stream"] for row in rows} == {"accounts"}
    assert (usual["Name"], usual["BSN"]) == (True, False)
    everywhere = [*csv.DictReader(io.StringIO(run("--personal", "--csv").stdout))]
    assert {row["stream"] for row in everywhere} == {each.name for each in STREAMS if personal([each])}
    text = run("--personal", "--field", "iban").stdout
    assert {"journals", "bank_accounts"} <= set(text.split())
    assert "2 fields tell of a person" in text


def test_the_list_of_streams_says_that_they_tell_of_persons() -> None:
    said = " ".join(run("--search", "sync/CRM/Accounts").stdout.split())
    assert f"{len(marked('sync/CRM/Accounts'))} of their fields tell of a person: see --personal" in said
    assert "tell of a person" not in run("--search", "reads").stdout


def test_a_group_has_streams() -> None:
    for group in GROUPS:
        assert found(groups=[group]), group


@pytest.mark.parametrize("options", [(), ("--json",), ("--help",)], ids=" ".join)
def test_a_full_disk_is_told_in_one_line(options: tuple[str, ...]) -> None:
    ended = on_a_full_disk([*COMMAND, "streams", *options])
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Error: Standard output cannot be written: No space left on device. ")
