"""Somebody else's own Meltano project, made by `meltano init`: what nobody chose is not read, however the tap came into it."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from demo.postgres import Postgres
from demo.processes import ProgramFailed
from demo.project import ROOT, Project
from tap_exact_online.catalog.resources import BY_NAME, RESOURCES
from tests.conftest import Sandbox, running
from tests.docs.pages import page
from tests.meltano.conftest import NOWHERE, LoadedProject

TAP, LOADER = "tap-exact-online", "target-jsonl"
POSTGRES, BESIDE, LEDGER = "target-postgres", "exact-online", "ledger"
HUB = ROOT / "hub" / "_data" / "meltano"
PAGE = page("own-meltano.md")
LOADERS = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]["loaders"]
TO_FIND_DIVISIONS = {"current/Me", "system/Divisions"}
[PASTED] = [block.body for block in PAGE.blocks if block.mark == "paste"]
"""What the page says to paste."""
[OF_THE_LEDGER] = [block.body for block in PAGE.blocks if block.mark == "ledger"]
[ANSWERS] = [
    "".join(f"{line.partition(':')[2].strip()}\n" for line in block.body.splitlines())
    for block in PAGE.blocks
    if block.mark == "answers"
]
"""What it says to answer, by hand: what a user types who has read what the tap can do."""


@dataclasses.dataclass(frozen=True)
class World:
    """A project as `meltano init` makes it, with a loader, the programs of both plugins, and a sandbox in its `.env`."""

    sandbox: Sandbox
    project: Project

    @property
    def file(self) -> Path:
        return self.project.folder / "meltano.yml"

    @property
    def select(self) -> list[str] | None:
        """What the project says that is to be selected."""
        (tap,) = yaml.safe_load(self.file.read_text())["plugins"]["extractors"]
        return tap.get("select")  # type: ignore[no-any-return]

    def run(self, *options: str) -> tuple[str, set[str]]:
        """Run the pipeline; return its log and the endpoints that were asked."""
        self.sandbox.control.reset_stats()
        log = self.project.meltano("run", "--no-install", *options, TAP, LOADER)
        return log, set(self.sandbox.control.stats()["by_endpoint"]) - TO_FIND_DIVISIONS

    def landed(self, stream: str) -> set[str]:
        """Return the fields that arrived, and take away the file."""
        file = self.project.folder / "output" / f"{stream}.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        file.unlink()
        return set().union(*lines)


def lines(beginning: str) -> list[list[str]]:
    """Return the words of the lines to paste that begin so; the definitions are taken from here."""
    found = re.findall(rf"^\$ ({re.escape(beginning)}.*)$", PASTED + OF_THE_LEDGER, re.MULTILINE)
    return [shlex.split(line.replace("$at", str(HUB))) for line in found]


def by_the_page(project: Project) -> None:
    for line in lines("meltano add"):
        project.meltano("add", "--no-install", *line[2:])


def by_hand(project: Project) -> None:
    subprocess.run(
        project.command("add", "--no-install", "--custom", TAP),
        env=project.env,
        cwd=project.folder,
        input=ANSWERS,
        text=True,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module", params=[by_the_page, by_hand], ids=["by the definitions", "by hand"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    variables = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "HTTPS_PROXY": NOWHERE}
    LoadedProject(folder, variables).meltano("init", "books", log=folder / "init.log")
    project = LoadedProject(folder / "books", variables)
    for plugin in (
        *(f"extractors/{TAP}", f"loaders/{LOADER}", f"loaders/{POSTGRES}"),
        *(f"utilities/{BESIDE}", f"utilities/{LEDGER}"),
    ):
        # Only the program: whatever Meltano might do to the environment of a plugin stays in this project.
        name = BESIDE if plugin.endswith(LEDGER) else Path(plugin).name
        program = Path(".meltano", plugin, "venv", "bin", name)
        (project.folder / program).parent.mkdir(parents=True)
        (project.folder / program).symlink_to(ROOT / program)
    request.param(project)
    with running(folder, {"rows": 20}) as sandbox:
        found = World(sandbox, project)
        document = yaml.safe_load(found.file.read_text())
        document["plugins"]["loaders"] = [each for each in LOADERS if each["name"] in {LOADER, POSTGRES}]
        found.file.write_text(yaml.safe_dump(document))
        settings = {
            "CLIENT_ID": sandbox.client_id,
            "CLIENT_SECRET": sandbox.client_secret,
            "REFRESH_TOKEN": sandbox.refresh_token,
            "BASE_URL": sandbox.base_url,
            "STORE": str(folder / "tokens.json"),
        }
        lines = [f"TAP_EXACT_ONLINE_{name}='{value}'" for name, value in settings.items()]
        (project.folder / ".env").write_text("\n".join(lines))
        yield found


def test_what_nobody_chose_is_not_read(world: World) -> None:
    assert world.select is None  # when this fails, Meltano has begun to carry it over: see the decision
    log, asked = world.run()
    assert asked == {resource.path for resource in RESOURCES if resource.selected} - TO_FIND_DIVISIONS
    assert "Nothing was chosen: that every stream is selected is what Meltano does then." in log
    fields = world.landed("accounts")
    assert "Name" in fields
    assert not {"BSN", "Logo"} & fields


@pytest.mark.parametrize("world", [by_the_page], indirect=True, ids=["by the definitions"])
def test_what_somebody_chose_is_read_and_what_is_personal_by_its_name_only(world: World) -> None:
    world.project.meltano("select", TAP, "accounts", "*")
    assert world.select == ["accounts.*"]
    text = world.file.read_text()
    world.file.write_text(
        re.sub(r"^( *)- accounts\.\*$", r"\g<0>\n\1- accounts.BSN", text, flags=re.MULTILINE)
    )
    assert world.select == ["accounts.*", "accounts.BSN"]
    log, asked = world.run("--full-refresh")
    assert asked == {BY_NAME["accounts"].path}
    fields = world.landed("accounts")
    assert {"Name", "BSN", "Logo"} <= fields
    assert "UniqueTaxpayerReference" not in fields
    assert "not where a pattern meets them. Not read: accounts.UniqueTaxpayerReference." in log
    assert "Nothing was chosen" not in log


@pytest.mark.parametrize("world", [by_the_page], indirect=True, ids=["by the definitions"])
def test_the_lines_to_paste_load_and_mirror_deletes(world: World, database: Postgres) -> None:
    """The last line of the page, with the loader's variables in `.env` as its lines write them."""
    file = world.project.folder / ".env"
    before = file.read_text()
    values = {"URL": database.url, "SCHEMA": "exact_online"}
    for _, line, _, name in lines("echo"):
        assert name == ".env"
        variable, _, value = line.partition("=")
        if variable.startswith("TARGET_"):
            assert value.strip("'") in {"postgresql+psycopg://…", "exact_online"}
            file.write_text(f"{file.read_text()}\n{variable}='{values[variable.rpartition('_')[2]]}'")
        else:
            assert variable in before or variable == "EXACT_ONLINE_REDIRECT_URI"
    select = '["deleted.*", "reads.*", "journals.*"]'
    project = dataclasses.replace(
        world.project, variables={**world.project.variables, "TAP_EXACT_ONLINE__SELECT": select}
    )
    (_, _, *run), (_, _, *with_ledger) = lines("meltano run")
    assert run == [TAP, POSTGRES, f"{BESIDE}:deletes"]
    assert with_ledger == [*run, f"{LEDGER}:build"]
    project.meltano("run", "--no-install", *run)
    division, path = world.sandbox.control.divisions()[0]["Code"], BY_NAME["journals"].path
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        count = b'SELECT count(*) FROM exact_online.journals WHERE "Division" = %s'
        assert connection.execute(count, (division,)).fetchone() == (
            world.sandbox.control.count(division, path),
        )
        connection.execute(
            "UPDATE exact_online.journals SET _sdc_extracted_at = '2020-01-01' WHERE \"Code\" = "
            '(SELECT min("Code") FROM exact_online.journals) AND "Division" = %s',
            (division,),
        )
        log = project.meltano("run", "--no-install", f"{BESIDE}:deletes")
        assert "journals: 1 rows removed" in log
        left = world.sandbox.control.count(division, path) - 1
        assert connection.execute(count, (division,)).fetchone() == (left,)
    # So few streams make no certificate, but a ledger.
    with pytest.raises(ProgramFailed):
        project.meltano("run", "--no-install", f"{LEDGER}:build", log=project.folder / "ledger.log")
    assert "Nothing was compared" in (project.folder / "ledger.log").read_text()
