"""How the programs that are compared are started: the tap of any checkout, any other tap, and the two that live here."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from rig.measuring import Program, environment
from rig.serving import Served
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.catalog.schemas import needed, selected_by_default

_HERE = Path(__file__).parent
_OURS = ["-m", "tap_exact_online"]


def fields_of(stream: str) -> dict[str, str]:
    """Return the fields that the tap asks for by default, with their EDM types, in its order."""
    resource = BY_NAME[stream]
    always = needed(resource)
    facts = resource.endpoint.properties.values()
    return {
        fact.name: fact.type for fact in facts if fact.name in always or selected_by_default(resource, fact)
    }


def command_of(given: str) -> list[str]:
    """Return the command line that starts a tap, without options.

    Args:
        given: A Python that has this tap installed, of whatever checkout, or a command that is a tap itself.
    """
    words = shlex.split(given)
    if len(words) == 1 and Path(words[0]).name.startswith("python"):
        # The folder of a virtual environment may be named relative to the caller's folder, where the run is not.
        python = Path(words[0])
        return [str(python.absolute()) if python.exists() else words[0], *_OURS]
    found = Path(words[0])
    return [str(found.absolute()) if found.exists() else words[0], *words[1:]]


def select(catalog: dict[str, Any], streams: Collection[str]) -> dict[str, Any]:
    """Select these streams of a catalog that was discovered, and none else."""
    for stream in catalog["streams"]:
        name = stream.get("stream") or stream["tap_stream_id"]
        whole = next(entry for entry in stream["metadata"] if not entry["breadcrumb"])
        whole["metadata"]["selected"] = name in streams
    return catalog


@dataclass(frozen=True, slots=True)
class Bench:
    """Where taps are set up for one sandbox: their configurations, catalogs and tokens are files in a folder.

    Attributes:
        served: The sandbox.
        folder: Where the files go.
        discovered: The catalogs that were discovered so far, by what was asked.
    """

    served: Served
    folder: Path
    discovered: dict[str, bytes] = field(default_factory=dict)

    def ours(
        self,
        name: str,
        given: str = sys.executable,
        *,
        streams: Collection[str] | None = None,
        state: Mapping[str, Any] | None = None,
        options: Sequence[str] = (),
        **config: Any,
    ) -> Program:
        """Set up this tap.

        Args:
            name: What to call it; each name has a connection of its own.
            given: See `command_of`.
            streams: Those to select; None leaves the selection to the tap.
            state: The state to begin with.
            options: More of its command line.
            **config: More settings.
        """
        folder = self._folder(name)
        command = command_of(given)
        # What a contract allows is another matter than what the tap can do.
        own = {"store": str(folder / "tokens.json"), "contract_calls": 0}
        settings = {**self.served.connection(name), **own, **config}
        command += ["--config", _write(folder / "config.json", settings)]
        if streams is not None:
            command += ["--catalog", str(self._catalog(given, streams, folder))]
        if state is not None:
            command += ["--state", _write(folder / "state.json", state)]
        return Program(name, [*command, *options], {})

    def other(self, name: str, given: str, config: str, options: Sequence[str] = ()) -> Program:
        """Set up another tap.

        Args:
            name: What to call it.
            given: Its command.
            config: Its configuration, in which `$base_url`, `$client_id`, `$client_secret`, `$refresh_token`,
                `$access_token` and `$division` stand for those of the sandbox.
            options: More of its command line.
        """
        folder = self._folder(name)
        values = {
            **self.served.connection(name),
            "access_token": self.served.access_token(),
            "division": str(self.divisions[0]),
        }
        file = folder / "config.json"
        file.write_text(Template(config).safe_substitute(values))
        return Program(name, [*command_of(given), "--config", str(file), *options], {})

    def straightforward(self, fields: Mapping[str, str]) -> Program:
        """Set up the plain SDK tap."""
        config = {
            "base_url": self.served.base_url,
            "access_token": self.served.access_token(),
            "divisions": self.divisions,
            "fields": fields,
        }
        file = _write(self._folder("straightforward") / "config.json", config)
        return Program(
            "straightforward SDK tap", [sys.executable, str(_HERE / "sdk_tap.py"), "--config", file], {}
        )

    def floor(self, fields: Mapping[str, str]) -> Program:
        """Set up the minimal program."""
        return self._bare("floor", "floor.py", fields)

    def drain(self, fields: Mapping[str, str]) -> Program:
        """Set up the program that throws away what it fetches."""
        return self._bare("the sandbox itself", "drain.py", fields)

    @property
    def divisions(self) -> list[int]:
        """The divisions of the sandbox."""
        return [row["Code"] for row in self.served.control.divisions()]

    def _bare(self, name: str, script: str, fields: Mapping[str, str]) -> Program:
        arguments = [self.served.base_url, json.dumps(fields), *map(str, self.divisions)]
        command = [sys.executable, str(_HERE / script), *arguments]
        return Program(name, command, {"ACCESS_TOKEN": self.served.access_token()})

    def _catalog(self, given: str, streams: Collection[str], folder: Path) -> Path:
        """Write the catalog that the tap itself discovers, with these streams selected and none else."""
        if given not in self.discovered:
            command = [*command_of(given), "--discover"]
            done = subprocess.run(command, capture_output=True, check=True, env=environment(), cwd=folder)
            self.discovered[given] = done.stdout
        catalog = select(json.loads(self.discovered[given]), streams)
        return Path(_write(folder / "catalog.json", catalog))

    def _folder(self, name: str) -> Path:
        folder = self.folder / "".join(letter if letter.isalnum() else "-" for letter in name)
        folder.mkdir(exist_ok=True)
        return folder


def _write(file: Path, document: Any) -> str:
    file.write_text(json.dumps(document))
    return str(file)
