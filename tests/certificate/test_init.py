"""`exact-online ledger init`: the dbt package on its way into a project."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from tap_exact_online.cli import main
from tap_exact_online.ledger import package
from tap_exact_online.ledger.package import Act, steps
from tap_exact_online.ledger.profile import DATABASES, profile

OLD, NEW, MINE = b"old\n", b"new\n", b"mine\n"


def run(*options: str) -> Result:
    result = CliRunner().invoke(main, ["ledger", "init", *options])
    assert not isinstance(result.exception, Exception), result.exception
    return result


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != package.NOTE
    }


@pytest.mark.parametrize(
    ("wanted", "there", "noted", "act", "forced"),
    [
        pytest.param(NEW, None, None, Act.WRITE, Act.WRITE, id="the first time"),
        pytest.param(NEW, NEW, NEW, Act.SAME, Act.SAME, id="again"),
        pytest.param(NEW, OLD, OLD, Act.UPDATE, Act.UPDATE, id="a new version"),
        pytest.param(NEW, MINE, OLD, Act.KEEP, Act.UPDATE, id="changed by the user"),
        pytest.param(NEW, MINE, NEW, Act.KEEP, Act.UPDATE, id="changed by the user, and no new version"),
        pytest.param(NEW, MINE, None, Act.KEEP, Act.UPDATE, id="somebody else's file"),
        pytest.param(NEW, NEW, None, Act.SAME, Act.SAME, id="copied by hand"),
        pytest.param(NEW, b"new\r\n", OLD, Act.SAME, Act.SAME, id="with the line ends of Windows"),
        pytest.param(NEW, b"old\r\n", OLD, Act.UPDATE, Act.UPDATE, id="an old one with such line ends"),
        pytest.param(NEW, None, OLD, Act.WRITE, Act.WRITE, id="removed by the user"),
        pytest.param(None, OLD, OLD, Act.REMOVE, Act.REMOVE, id="no longer part of it"),
        pytest.param(None, MINE, OLD, Act.KEEP, Act.REMOVE, id="no longer part of it, but changed"),
        pytest.param(None, None, OLD, None, None, id="gone on both sides"),
    ],
)
def test_what_becomes_of_a_file(
    wanted: bytes | None, there: bytes | None, noted: bytes | None, act: Act | None, forced: Act | None
) -> None:
    def given(value: bytes | None) -> dict[str, bytes]:
        return {} if value is None else {"a.sql": value}

    digests = {path: package.digest(value) for path, value in given(noted).items()}
    for force, expected in ((False, act), (True, forced)):
        found = steps(given(wanted), given(there), digests, force=force)
        assert [step.act for step in found] == ([] if expected is None else [expected])


def test_the_package_is_written_whole_and_again_without_a_change(tmp_path: Path) -> None:
    folder = tmp_path / "books" / "ledger"
    first = run(str(folder))
    assert first.exit_code == 0
    assert "written" in first.output
    assert f"exact-online ledger build {folder}" in first.output
    written = content(folder)
    ours = package.files(package.folder())
    assert {name: written[name] for name in ours} == ours
    assert {*written} - {*ours} == {"profiles.yml"}
    again = run(str(folder))
    assert again.exit_code == 0
    assert f"{len(written)} files unchanged." in again.output
    assert content(folder) == written


def test_what_a_user_changed_is_kept_and_named(tmp_path: Path) -> None:
    run(str(tmp_path / "ledger"))
    changed = tmp_path / "ledger" / "dbt_project.yml"
    plain = changed.read_bytes()
    changed.write_bytes(plain + MINE)
    (tmp_path / "ledger" / "models" / "mine.sql").write_bytes(MINE)
    kept = run(str(tmp_path / "ledger"))
    assert "Kept, because you changed them (--force writes them anew):\n  dbt_project.yml\n" in kept.output
    assert changed.read_bytes() == plain + MINE
    forced = run(str(tmp_path / "ledger"), "--force")
    assert "1 file brought up to date" in forced.output
    assert changed.read_bytes() == plain
    assert (tmp_path / "ledger" / "models" / "mine.sql").read_bytes() == MINE  # no file of ours


def test_what_a_new_version_dropped_goes_unless_it_was_changed(tmp_path: Path) -> None:
    run(str(tmp_path))
    for name in ("old.sql", "mine.sql"):
        (tmp_path / name).write_bytes(OLD)
    note = tmp_path / package.NOTE
    noted = package.read_note(tmp_path)
    assert noted is not None
    old = hashlib.sha256(OLD).hexdigest()
    package.write(tmp_path, {}, [], {**noted, "old.sql": old, "mine.sql": old})
    (tmp_path / "mine.sql").write_bytes(MINE)
    assert "old.sql" in note.read_text()
    ended = run(str(tmp_path))
    assert "1 file removed" in ended.output
    assert "  mine.sql\n" in ended.output
    assert not (tmp_path / "old.sql").exists()
    assert (tmp_path / "mine.sql").read_bytes() == MINE


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_bytes(MINE)
    refused = run(str(tmp_path))
    assert refused.exit_code == 2
    assert f"{tmp_path} is not empty, and this command has not written it" in refused.output
    assert content(tmp_path) == {"dbt_project.yml": MINE}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    refused = run(str(tmp_path / "file" / "ledger"))
    assert refused.exit_code == 2
    assert "cannot be written: Not a directory." in refused.output


def test_no_secret_is_written_and_all_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    monkeypatch.setenv("EXACT_ONLINE_LEDGER_URL", "postgresql://me:hunter2@there/books")
    assert "hunter2" not in run(str(tmp_path)).output
    assert not [path for path, body in content(tmp_path).items() if b"hunter2" in body]
    assert all(stat.S_IMODE((tmp_path / path).stat().st_mode) & stat.S_IRGRP for path in content(tmp_path))


@pytest.mark.parametrize("database", DATABASES)
def test_the_profile_is_that_of_the_database(tmp_path: Path, database: str) -> None:
    run(str(tmp_path), "--database", database)
    assert (tmp_path / "profiles.yml").read_text() == profile(database)
    project = yaml.safe_load((tmp_path / "dbt_project.yml").read_text())
    outputs: Mapping[str, Mapping[str, object]] = yaml.safe_load(profile(database))[project["profile"]][
        "outputs"
    ]
    assert outputs[database]["type"] == database
    other = next(each for each in DATABASES if each != database)
    assert "1 file brought up to date" in run(str(tmp_path), "--database", other).output
    assert (tmp_path / "profiles.yml").read_text() == profile(other)


def test_what_dbt_made_in_the_package_is_no_part_of_it(tmp_path: Path) -> None:
    wanted = {"dbt_project.yml", "models/a.sql", "models/target.sql"}
    for name in (*wanted, "target/manifest.json", "logs/dbt.log", "dbt_packages/x/y.sql", ".user.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(OLD)
    assert {*package.files(tmp_path)} == wanted
