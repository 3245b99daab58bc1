"""One run: what it reads with, how it begins, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from tap_exact_online import settings as _settings
from tap_exact_online.board import HINTS, Hint, Listing, opened_hints
from tap_exact_online.catalog import BY_NAME, Kind, needed
from tap_exact_online.connection import Kept, kept
from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.evidence import Facts
from tap_exact_online.files import Filing, open_place
from tap_exact_online.reading import (
    OF_A_DIVISION,
    Client,
    Plan,
    Reading,
    Remaining,
    Scheduler,
    Supply,
    everywhere,
    granted_divisions,
    known_divisions,
)
from tap_exact_online.state import (
    BELONGS_TO,
    COLUMN_NAMES,
    Read,
    check_names,
    deletions,
    moves,
    note_of,
    read_before,
)
from tap_exact_online.streams import Comparing, ExactStream, Outgoing, Planning, TerminableTap, behind
from tap_exact_online.telling import Progress, Report, advice, live, words
from tap_exact_online.wire import MANAGE_COMPANIES

_log = logging.getLogger("tap-exact-online")
_TOLD, _NAMED = 5, 20
"""Of so many divisions is told what is wrong with them, and so many are named: there may be thousands."""
_NO_CALLS = frozenset({Kind.DIVISIONS, Kind.OWN})


class Run:
    """One run of the tap. What it reads with is made where it is first needed: to discover needs no connection."""

    def __init__(self, tap: TerminableTap) -> None:
        """Begin nothing yet.

        Args:
            tap: The tap, as the SDK knows it: configuration, state and streams.
        """
        self._tap = tap
        self._only_a_test = False
        self._listed: Listing | None = None
        self._following: Mapping[str, ExactStream] = MappingProxyType({})
        self._comparing = Comparing()

    @cached_property
    def settings(self) -> _settings.Settings:
        """The settings, checked as a whole.

        Raises:
            ConfigurationError: One of them cannot be used.
        """
        return _settings.parse(self._tap.config)

    def own(self, environment: Mapping[str, str]) -> None:
        """Refuse a state that belongs to another run, and let this one's say whose it is.

        Args:
            environment: The environment, which tells of Meltano's.

        Raises:
            ConfigurationError: It belongs to another run.
        """
        state: dict[str, Any] = self._tap.state  # type: ignore[assignment]  # with a word beside the bookmarks
        owner = self.settings.owner(environment)
        owner.check(state)
        names = self.settings.column_names
        check_names(state, names)
        for word, note in ((BELONGS_TO, owner.note()), (COLUMN_NAMES, note_of(names))):
            if note is not None:
                state[word] = note
            else:
                state.pop(word, None)

    @cached_property
    def client(self) -> Client:
        """The one connection of this run."""
        return self.kept.connect(sleep=self.progress.back_off, rest=self.progress.rest, watch=self.facts)

    @cached_property
    def kept(self) -> Kept:
        """The places of the connection: its tokens, and what all its processes share.

        Raises:
            ConfigurationError: The setting `store` names no kind of store.
        """
        return kept(self.settings)

    @cached_property
    def facts(self) -> Facts | None:
        """Collects what the service shows, at the level DEBUG only."""
        return Facts() if _log.isEnabledFor(logging.DEBUG) else None

    @cached_property
    def filing(self) -> Filing | None:
        """What files are kept with, or None where none are to be fetched.

        Raises:
            ConfigurationError: The setting `files` names no place.
        """
        settings = self.settings
        if settings.files is None:
            return None
        return Filing(open_place(settings.files), settings.files_most, settings.files_only, time.time)

    @cached_property
    def progress(self) -> Progress:
        """How far this run is."""
        return Progress(time.monotonic, time.sleep, live.log, self._calls, self._remaining)

    def _calls(self) -> int:
        client = self._client_so_far()
        return 0 if client is None else client.calls

    def _remaining(self, division: int) -> Remaining:
        return self.client.limits.remaining(division)

    def _client_so_far(self) -> Client | None:
        """Return the client where it was needed so far."""
        client: Client | None = vars(self).get("client")
        return client

    @cached_property
    def report(self) -> Report:
        """What this run could not read."""
        return Report(skip_denied=self.settings.skip_denied)

    @cached_property
    def reading(self) -> Reading[Outgoing]:
        """Reads many divisions at once, as many as the settings say."""
        client = self.client
        scheduler = Scheduler(client.ticks, self.settings.concurrency, client.limits.wait)
        return Reading(scheduler, client.transport, client.wait)

    @cached_property
    def granted(self) -> Mapping[int, Mapping[str, Any]]:
        """The divisions that are granted, as rows of the stream `divisions`, by number. Found once a run.

        Raises:
            ConfigurationError: None is granted.
        """
        stream = self._tap.streams["divisions"]
        fields = stream.fields if isinstance(stream, ExactStream) else ()
        always = needed(BY_NAME["divisions"]) | OF_A_DIVISION
        select = [*dict.fromkeys([*(fact.name for fact in fields), *sorted(always)])]
        known = sorted(self.settings.choice.only) or read_before(self._tap.state)
        if self._only_a_test:
            page = granted_divisions(self.client, select, known, most_pages=1)
        else:
            page = known_divisions(self.client, self._listing(select), self.settings.choice, known)
        for line in page.rejected:
            self.report.rejected("divisions", None, line)
        return {row["Code"]: row for row in page.rows}

    def _listing(self, select: Sequence[str]) -> Listing:
        """Return the list of divisions that all processes of the connection share."""
        # Not the client's sleep: that is told as a wait for Exact.
        self._listed = Listing(self.kept.board, select, self.client.clock, time.sleep)
        return self._listed

    @cached_property
    def divisions(self) -> Sequence[Mapping[str, Any]]:
        """The divisions that this run reads.

        Raises:
            ConfigurationError: None is granted, or none of the configured ones.
        """
        granted, choice = self.granted, self.settings.choice
        missed = choice.missing(granted)
        for missing in missed[:_NAMED]:
            _log.warning(
                "Division %d of the setting `divisions` is not granted to this app and is not read: tick it under %s.",
                missing,
                MANAGE_COMPANIES,
            )
        if len(missed) > _NAMED:
            _log.warning("Nor are %d more of them.", len(missed) - _NAMED)
        picked = choice.pick(granted)
        if not picked and choice.shard is None:
            msg = (
                "The settings `divisions` and `exclude_divisions` leave nothing to read. Granted to this app are:"
                f" {', '.join(map(str, sorted(granted)))}. Others can be ticked under {MANAGE_COMPANIES}."
            )
            raise ConfigurationError(msg)
        _log.info("Reading %d of %d granted divisions", len(picked), len(granted))
        return [granted[code] for code in picked]

    @cached_property
    def reads(self) -> defaultdict[str, dict[int, Read]]:
        """The last read of each stream and division that came to its end: of thousands of divisions, so no key has both names."""
        return defaultdict(dict)

    @cached_property
    def planning(self) -> Planning:
        """What the streams could be asked for that are read division by division."""
        divided = [stream for stream in self._streams if stream.selected and stream.resource.divided]
        return Planning(divided, self.divisions, self.settings.terms, self._hints())

    def _hints(self) -> Mapping[Hint, int]:
        """Return the hints that were given."""
        try:
            return opened_hints(self.kept.board.read(HINTS))
        except OSError as error:
            _log.warning("Hints cannot be read: %s", error.strerror)
            return {}

    @cached_property
    def plan(self) -> Plan:
        """What they are asked for in this run."""
        budget = self.client.budget
        everything = len(self.granted)
        if self._listed is not None:
            everything = everywhere(self._listed, self.settings.choice, everything)
        supply = Supply() if budget is None else budget.begin(len(self.divisions) / everything)
        return self.planning.plan(supply, self.client.clock())

    @property
    def whole(self) -> bool:
        """Whether nothing is left for the next run."""
        plan: Plan | None = vars(self).get("plan")
        return not self.report.left and not (plan is not None and plan.limited)

    def planned(self, stream: str) -> Sequence[int]:
        """Return the divisions that a stream is asked for, in their order."""
        if self._comparing.divisions is not None:
            return self._comparing.divisions
        planned = self.plan.streams.get(stream)
        return planned.divisions if planned else ()

    @property
    def _streams(self) -> Iterator[ExactStream]:
        """The streams whose rows cost calls."""
        return (
            stream
            for stream in self._tap.streams.values()
            if isinstance(stream, ExactStream) and stream.resource.kind not in _NO_CALLS
        )

    def following(self, stream: str) -> ExactStream | None:
        """Return the stream that this run reads after another, or None."""
        return None if self.comparing else self._following.get(stream)

    @property
    def comparing(self) -> bool:
        """Whether streams are read once more just now."""
        return self._comparing.divisions is not None

    def ended(self, stream: str) -> None:
        """Read once more, behind the last stream that is compared with others, what has come to those."""
        if not self.client.spent:
            self._comparing.ended(stream, self._read_streams(), self.reads)

    def read(self) -> None:
        """Read everything that is selected.

        Raises:
            SystemExit: With the code that the outcome means, where it is not 0.
        """
        try:
            with live.shown(self.progress, os.environ):
                if any(stream.selected for stream in self._tap.streams.values()):
                    # Found before the first stream, so that a dead connection is no stream's failure.
                    self._prepare(self.divisions)
                    self._tap.read_in_order(behind(self.plan.streams))
                self._look_ahead()
                self._tap.sync_all()
                self._tap.settle_state()
        except (TapError, SystemExit):  # SystemExit: terminated, see `TerminableTap`
            # With BATCH files the bookmarks are ahead of the last message.
            if not self._tap.config.get("batch_config"):
                self._tap.settle_state()
            raise
        finally:
            self._tell_ages()
            if self.report.closed and self._listed is not None:
                self._listed.forget(self.report.closed)
            self.report.summarise(self.progress.totals())
            self._tell_facts()
            self._check_token()
        if self.report.exit_code:
            sys.exit(self.report.exit_code)

    def tell_schemas(self) -> None:
        """Write the schema of everything that is selected, and nothing else: loaders make tables of it. Sends nothing."""
        streams = [stream for stream in self._tap.streams.values() if stream.selected]
        for stream in streams:
            if isinstance(stream, ExactStream):
                stream.tell_schema()
        _log.info("Wrote the schemas of %s, as `schemas_only` says.", words.counted(len(streams), "stream"))

    def test(self) -> None:
        """Read the divisions: one uncounted call and one page show that connection and rights are there."""
        self._only_a_test = True
        stream = self._tap.streams["divisions"]
        stream.selected = True
        stream.sync()
        self._check_token()

    def _read_streams(self) -> list[ExactStream]:
        """Return the streams whose rows cost calls and that this run reads, in their order."""
        return [stream for stream in self._streams if stream.selected]

    def _look_ahead(self) -> None:
        """Find out which stream follows which: of the next one, divisions can be begun before it is its turn."""
        read = self._read_streams()
        # What the user is makes a call of its own: nothing else is under way then.
        self._following = {
            stream.name: after
            for stream, after in pairwise(read)
            if after.resource.divided and stream.resource.divided
        }

    def _prepare(self, divisions: Sequence[Mapping[str, Any]]) -> None:
        """Forget what is to be read anew; act on what the state says of divisions that were moved, or not read for long.

        Raises:
            ConfigurationError: The setting `reread` names what is not read.
        """
        streams, state = self._tap.streams, self._tap.state
        selected = {name for name, stream in streams.items() if stream.selected}
        read = {row["Code"] for row in divisions}
        if (reread := self.settings.reread) is not None:
            others = replace(self.settings.choice, shard=None).pick(self.granted)
            reread.apply(state, selected, read, others)
            _log.info("Reading anew, as `reread` says. The next run without it goes on from there.")
        self._tell_gone(read_before(state))
        if "deleted" in selected:
            ages = deletions.ages(state, datetime.fromtimestamp(self.client.clock(), UTC))
            self._warn_of([age for age in ages if age.old and age.division in read])
        # Afterwards: it forgets when the log of a moved division was read.
        self._warn_of(moves.apply(state, divisions))

    def _warn_of(self, found: Sequence[deletions.Age] | Sequence[moves.Move]) -> None:
        """Say of the first few divisions what a person should know, and name the others of which it is true, too."""
        for each in found[:_TOLD]:
            self.report.warn(each.message())
        if others := [each.division for each in found[_TOLD:]]:
            self.report.warn(
                f"The same is true of {words.counted(len(others), 'more division')}: {words.listed(others)}."
            )

    def _tell_gone(self, known: Sequence[int]) -> None:
        """Say which divisions are missing; of those that `divisions` names that is said anyway."""
        choice = self.settings.choice
        gone = [code for code in choice.pick(known) if code not in self.granted and not choice.only]
        if gone:
            self.report.warn(
                f"Divisions that were read before are no longer granted, and are not read: {words.listed(gone, _NAMED)}. Their rows"
                f" in your tables stay as they are. Tick them under {MANAGE_COMPANIES}, or name them in `exclude_divisions`."
            )

    def _tell_ages(self) -> None:
        """Say how old everything is now, where not all of it was asked for or a bound was set."""
        plan: Plan | None = vars(self).get("plan")
        if plan is None or not (plan.limited or self.settings.bounded):
            return
        ages = self.planning.ages(self.client.clock())
        read = sum(len(divisions) for stream, divisions in self.reads.items() if stream in plan.streams)
        self.report.aged(
            read, plan.planned, ages, advice(self.planning.calls, self.settings.contract_calls, plan.interval)
        )

    def _tell_facts(self) -> None:
        for line in self.facts.summary() if self.facts else ():
            _log.debug("facts %s", line)

    def _check_token(self) -> None:
        """End with what is most urgent: a new token that the store did not take, after the last tries to keep it."""
        client = self._client_so_far()
        if client is not None and (unsaved := client.settle()) is not None:
            raise unsaved
