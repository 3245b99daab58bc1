"""Runs the tap as a process of its own and reads what it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.conftest import Sandbox
from tests.expected import comparable
from tests.processes import Captured, capture

COMMAND = [sys.executable, "-m", "tap_exact_online"]
_OTHERS = ("accounts", "code_lists", "deleted", "divisions", "journals", "reads", "receivables")
"""Streams that are in every catalog, whether they are selected or not: one of each kind."""


@dataclass
class Run:
    """One run of the tap, as its messages tell it."""

    exit_code: int
    log: str
    lines: list[dict[str, Any]]
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in self.lines:
            if line["type"] == "SCHEMA":
                self.schemas[line["stream"]] = line
                self.records.setdefault(line["stream"], [])
            elif line["type"] == "RECORD":
                self.records[line["stream"]].append(line["record"])
            elif line["type"] == "STATE":
                self.state = line["value"]

    def table(self, stream: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the records of a stream as a loader keeps them: the last of each key."""
        properties = self.schemas[stream]["schema"]["properties"]
        return {
            tuple(record[key] for key in self.schemas[stream]["key_properties"]): {
                name: comparable(properties[name], value) for name, value in record.items()
            }
            for record in self.records[stream]
        }

    def bookmarks(self, stream: str) -> dict[int, Any]:
        """Return the bookmark of each division."""
        partitions = self.state["bookmarks"][stream]["partitions"]
        return {part["context"]["Division"]: part.get("at") for part in partitions}


@dataclass
class Tap:
    """The tap, set up for one sandbox."""

    folder: Path
    config: dict[str, Any]

    def command(
        self,
        *options: str,
        state: Mapping[str, Any] | None = None,
        catalog: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> list[str]:
        """Write the files and return the command line."""
        command = [*COMMAND, "--config", str(self._write("config", {**self.config, **config}))]
        if state:
            command += ["--state", str(self._write("state", state))]
        if catalog:
            command += ["--catalog", str(self._write("catalog", catalog))]
        return [*command, *options]

    def start(self, *options: str, env: Mapping[str, str] | None = None, **given: Any) -> Captured:
        """Start a run, forked from a process that has the tap loaded; `command` starts one anew."""
        command = self.command(*options, **given)
        return capture("tap", command[len(COMMAND) :], env={**os.environ, **(env or {})})

    def run(self, *options: str, env: Mapping[str, str] | None = None, **given: Any) -> Run:
        """Run to the end."""
        return self.ran(self.start(*options, env=env, **given))

    def ran(self, started: Captured) -> Run:
        """Wait for the end of a run that was started."""
        process = started.end()
        self.check_no_secret(process.stdout + process.stderr)
        lines = [json.loads(line) for line in process.stdout.splitlines() if line.startswith('{"type"')]
        return Run(process.returncode, process.stderr, lines)

    def check_no_secret(self, output: str) -> None:
        """Fail where the secret of the app or any token of this tap shows, whatever the test is about."""
        assert (self.config.get("client_secret") or "sandbox-secret") not in output
        assert (self.config.get("refresh_token") or "stampNL001") not in output
        store = Path(self.config.get("store") or self.folder / "none")
        stored = json.loads(store.read_bytes()) if store.exists() else {}
        for name in ("access_token", "refresh_token"):
            assert not stored.get(name) or stored[name] not in output

    def catalog(
        self, select: Callable[[str], bool] | Sequence[str], *, every_field: bool = False
    ) -> dict[str, Any]:
        """Return the tap's own catalog with those streams selected, and none else.

        Where they are named only a few others are in it: to take in all that there are takes longer than most runs of a test.
        """
        found = catalog(None if callable(select) else {*select, *_OTHERS})
        for stream in found["streams"]:
            chosen = select(stream["stream"]) if callable(select) else stream["stream"] in select
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = chosen
                elif every_field:
                    entry["metadata"]["selected"] = True
        return found

    def _write(self, name: str, document: Mapping[str, Any]) -> Path:
        file = self.folder / f"{name}.json"
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(document))
        partial.replace(file)  # a run that was started just now may be reading it
        return file


def catalog(streams: Collection[str] | None = None) -> dict[str, Any]:
    """Return the catalog that the tap discovers, for the caller to change: all of it, or some streams."""
    found = _discovered()
    return {
        "streams": [json.loads(each) for name, each in found.items() if streams is None or name in streams]
    }


@cache
def _discovered() -> Mapping[str, str]:
    """Discover as a process of its own, once for all tests: neither settings nor a sandbox make a difference to it."""
    done = subprocess.run([*COMMAND, "--discover"], capture_output=True, check=True, timeout=60)
    return {each["stream"]: json.dumps(each) for each in json.loads(done.stdout)["streams"]}


def tap_for(sandbox: Sandbox, folder: Path, refresh_token: str | None = None) -> Tap:
    """Return a tap that is connected to a sandbox and keeps its token in the folder."""
    config = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": refresh_token or sandbox.refresh_token,
        "base_url": sandbox.base_url,
        "store": str(folder / "store.json"),
    }
    return Tap(folder, config)
