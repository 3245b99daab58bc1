"""The tap: settings, discovery, and how a run begins and ends."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import IO, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.singerlib import Catalog, CatalogEntry, MetadataMapping
from typing_extensions import override

from tap_exact_online import settings as _settings
from tap_exact_online.catalog import BY_NAME, RESOURCES, Resource, needed
from tap_exact_online.connection import connect
from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.reading import (
    Client,
    Reading,
    Remaining,
    Scheduler,
    granted_divisions,
)
from tap_exact_online.state import check_state, deletions, moves, read_before
from tap_exact_online.streams import DivisionsStream, ExactStream, Outgoing, TerminableTap, stream_of
from tap_exact_online.telling import Progress, Report, live, tell_outcome
from tap_exact_online.wire import MANAGE_COMPANIES


class TapExactOnline(TerminableTap):
    """Extracts every Sync endpoint and the master data of Exact Online, from every division that is granted."""

    name = "tap-exact-online"
    package_name = "tap-exact-online"
    config_jsonschema = _settings.config_jsonschema()
    _only_a_test = False
    _only_a_run = False
    _following: Mapping[str, ExactStream] = MappingProxyType({})

    @cached_property
    def settings(self) -> _settings.Settings:
        """The settings, checked as a whole.

        Raises:
            ConfigurationError: One of them cannot be used.
        """
        return _settings.parse(self.config)

    @cached_property
    def client(self) -> Client:
        """The one connection of this run."""
        return connect(self.settings, sleep=self.progress.back_off, rest=self.progress.rest)

    @cached_property
    def progress(self) -> Progress:
        """How far this run is."""
        return Progress(time.monotonic, time.sleep, live.log, self._calls, self._remaining)

    def _calls(self) -> int:
        client = self._client_of_run()
        return 0 if client is None else client.calls

    def _remaining(self, division: int) -> Remaining:
        return self.client.limits.remaining(division)

    def _client_of_run(self) -> Client | None:
        """Return the client where it was needed so far."""
        client: Client | None = vars(self).get("client")
        return client

    @cached_property
    def report(self) -> Report:
        """What this run could not read."""
        return Report(skip_denied=self.settings.skip_denied)

    @cached_property
    def divisions(self) -> Sequence[Mapping[str, Any]]:
        """The divisions that this run reads, as rows of the stream `divisions`. Found once a run.

        Raises:
            ConfigurationError: None is granted, or none of the configured ones.
        """
        stream = self.streams["divisions"]
        fields = stream.fields if isinstance(stream, ExactStream) else ()
        select = [fact.name for fact in fields] or sorted(needed(BY_NAME["divisions"]))
        choice = self.settings.choice
        known = sorted(choice.only) or read_before(self.state)
        page = granted_divisions(self.client, select, known, 1 if self._only_a_test else None)
        for line in page.rejected:
            self.report.rejected("divisions", None, line)
        granted = {row["Code"]: row for row in page.rows}
        for missing in choice.missing(granted):
            self.logger.warning(
                "Division %d of the setting `divisions` is not granted to this app and is not read: tick it under %s.",
                missing,
                MANAGE_COMPANIES,
            )
        picked = choice.pick(granted)
        if not picked and choice.shard is None:
            msg = (
                "The settings `divisions` and `exclude_divisions` leave nothing to read. Granted to this app are:"
                f" {', '.join(map(str, sorted(granted)))}. Others can be ticked under {MANAGE_COMPANIES}."
            )
            raise ConfigurationError(msg)
        self.logger.info("Reading %d of %d granted divisions", len(picked), len(granted))
        return [granted[code] for code in picked]

    @cached_property
    def reading(self) -> Reading[Outgoing]:
        """Reads many divisions at once, as many as the settings say."""
        client = self.client
        scheduler = Scheduler(client.clock, self.settings.concurrency, client.limits.wait)
        return Reading(scheduler, client.transport, client.wait)

    def following(self, stream: str) -> ExactStream | None:
        """Return the stream that this run reads after another, or None."""
        return self._following.get(stream)

    @override
    def discover_streams(self) -> Sequence[ExactStream]:
        """Make one stream for each row of the catalog, in a run for each that is needed. Needs no connection."""
        return [stream_of(self, self, resource) for resource in RESOURCES if self._needs(resource)]

    def _needs(self, resource: Resource) -> bool:
        if not self._only_a_run or resource.name == "divisions":
            return True
        if self.input_catalog is None:
            return resource.selected
        entry = self.input_catalog.get_stream(resource.name)
        return entry is not None and is_selected(entry)

    @property
    @override
    def catalog(self) -> Catalog:
        """The catalog of the streams there are: the SDK copies all of it several times."""
        if self._catalog is None and self.input_catalog is not None:
            self._catalog = Catalog(
                (name, self.input_catalog[name]) for name in self.streams if name in self.input_catalog
            )
        return super().catalog

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Take a state that is ours; refuse one that is not, before anything is read."""
        for name in check_state(state):
            self.logger.warning(
                "The state knows a stream '%s' that this version does not have; it is kept.", name
            )
        super().load_state(state)

    def run(self) -> None:
        """Read everything that is selected.

        Raises:
            SystemExit: With the code that the outcome means, where it is not 0.
        """
        self._check_catalog()
        try:
            with live.shown(self.progress, os.environ):
                if any(stream.selected for stream in self.streams.values()):
                    # Found before the first stream, so that a dead connection is no stream's failure.
                    self._prepare(self.divisions)
                self._look_ahead()
                self.sync_all()
        except (TapError, SystemExit):  # SystemExit: terminated, see `TerminableTap`
            if not self.config.get("batch_config"):  # else the bookmarks are ahead of the last BATCH message
                self.state_writer.write_state(self.state)
            raise
        finally:
            self.report.summarise(self.progress.totals())
            self._check_token()
        if self.report.exit_code:
            sys.exit(self.report.exit_code)

    def _look_ahead(self) -> None:
        """Find out which stream follows which: of the next one, divisions can be begun before it is its turn."""
        read = [
            stream
            for stream in self.streams.values()
            if stream.selected and isinstance(stream, ExactStream) and not isinstance(stream, DivisionsStream)
        ]
        self._following = {stream.name: after for stream, after in pairwise(read)}

    def _prepare(self, divisions: Sequence[Mapping[str, Any]]) -> None:
        """Act on what the state says of the divisions: those that were moved, and those not read for long."""
        if "deleted" in self.streams and self.streams["deleted"].selected:
            read = {row["Code"] for row in divisions}
            for age in deletions.ages(self.state, datetime.fromtimestamp(self.client.clock(), UTC)):
                if age.old and age.division in read:
                    self.report.warn(age.message())
        # Afterwards: it forgets when the log of a moved division was read.
        for move in moves.apply(self._state, divisions):
            self.report.warn(move.message())

    def _check_token(self) -> None:
        """End with what is most urgent: a new token that the store did not take."""
        client = self._client_of_run()
        if client is not None and client.tokens.unsaved is not None:
            raise client.tokens.unsaved

    def test_connection(self) -> None:
        """Read the divisions: one uncounted call and one page show that connection and rights are there."""
        self._only_a_test = True
        stream = self.streams["divisions"]
        stream.selected = True
        stream.sync()
        self._check_token()

    def _check_catalog(self) -> None:
        """Refuse a catalog that selects a stream which does not exist."""
        unknown = sorted(
            name
            for name, entry in (self.input_catalog or {}).items()
            if name not in BY_NAME and is_selected(entry)
        )
        if unknown:
            msg = (
                f"The catalog selects streams that this tap does not have: {', '.join(unknown)}."
                " Make the catalog anew (`meltano run --refresh-catalog`, or --discover) or deselect them."
            )
            raise ConfigurationError(msg)

    # --- The command line: as the SDK's, but every failure has a message and an exit code ---

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # as in the SDK's own Tap: a tap has more options than a plugin
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap."""
        if about:
            cls.print_about(about_format)
            return
        with cls._exit_codes():
            cls.print_version(print_fn=cls.logger.info)
            cls._from_command_line(config, _document(state, "--state"), _document(catalog, "--catalog")).run()
            tell_outcome(0)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the configuration files."""
        with cls._exit_codes():
            try:
                return super().cb_config(ctx, param, value)
            except (OSError, ValueError) as error:
                msg = f"--config: {' '.join(value)} cannot be read as JSON: {error}"
                raise ConfigurationError(msg) from None

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        """Write the catalog."""
        with cls._exit_codes():
            super().cb_discover(ctx, param, value)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Test the connection; the SDK would read the first page of every stream there is."""
        if value == "all":
            with cls._exit_codes():
                cls._from_command_line(ctx.params.get("config")).test_connection()
            ctx.exit()
        super().cb_test(ctx, param, value)

    @classmethod
    def _from_command_line(cls, config: Any, state: Any = None, catalog: Any = None) -> TapExactOnline:
        parse_env = bool(config and config.parse_env)
        if parse_env:
            _settings.check_environment(os.environ)
        given = config.config if config else {}
        try:
            tap = cls(
                config=given, state=state, catalog=catalog, parse_env_config=parse_env, setup_mapper=False
            )
            tap._only_a_run = True
            tap.setup_mapper()
        except ValueError as error:
            if not parse_env:
                raise
            # Of a .env file, which the SDK reads by itself.
            msg = f"A variable TAP_EXACT_ONLINE_… of the .env file is not what it should be: {error}"
            raise ConfigurationError(msg) from None
        _ = tap.settings  # checked before anything is sent
        return tap

    @classmethod
    @contextmanager
    def _exit_codes(cls) -> Iterator[None]:
        """Turn failures into one line and the exit code they mean."""
        try:
            yield
        except SystemExit as end:
            if isinstance(end.code, int):
                tell_outcome(end.code)
            raise
        except ConfigValidationError as error:
            cls._fail(ConfigurationError(_settings.explain(error.errors)))
        except TapError as error:
            cls._fail(error)
        except BrokenPipeError:
            # Whatever reads our output is gone; without this, Python complains once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            cls._fail(
                TapError(
                    "The loader closed the pipe: see its own messages. The next run goes on from its state."
                )
            )

    @classmethod
    def _fail(cls, error: TapError) -> NoReturn:
        tell_outcome(error.exit_code)
        # The last line is what `meltano config test` shows of a failure.
        cls.logger.error("%s", error)
        sys.exit(error.exit_code)


def is_selected(entry: CatalogEntry) -> bool:
    """Tell whether a catalog selects a stream, without looking at its fields."""
    return MetadataMapping({(): entry.metadata.root}).resolve_selection().get((), False)


def _document(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    """Read a JSON file that was given on the command line."""
    if file is None:
        return None
    try:
        document = json.load(file)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        msg = f"{option}: {file.name} does not hold a JSON object."
        raise ConfigurationError(msg)
    return document
