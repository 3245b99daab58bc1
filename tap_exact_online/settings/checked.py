"""What the settings parse to, and what is said of those that cannot be used."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tap_exact_online.catalog import ColumnNames, Personal
from tap_exact_online.errors import ConfigurationError, Unset
from tap_exact_online.files import Only
from tap_exact_online.reading import Choice, Shard, Terms
from tap_exact_online.settings.freshness import terms_of
from tap_exact_online.settings.table import HOSTS, SETTINGS, Setting
from tap_exact_online.spoken import spoken, unstopped
from tap_exact_online.state import Cadences, Owner, Reread
from tap_exact_online.surroundings import how_to_set

_SALT = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, checked.

    Attributes:
        base_url: Scheme and host, without a slash at the end.
        server: The region, or the host where `base_url` overrides it: names the default token store.
        choice: Which divisions to read.
        reread: What to read anew, or None where everything goes on from its bookmark.
        cadences: How often streams are asked at most.
        terms: How old what was read may be, and what counts more than other things.
        bounded: The user has said how old it may be.
        contract_calls: Calls a day over all divisions and processes; 0 for no limit.
        spread: Leave some of them for later runs of the day.
        select_everything: A catalog that selects every stream is meant.
        personal: What becomes of the fields that tell of a person.
        column_names: What columns are called.
        salt: What their hashes are made with, where they are hashed.
        start: The wall clock from which to read, or None for everything.
        skip_denied: A missing right skips the stream in that division.
        reserved_calls: Daily calls of each division that are left for others.
        maintenance: Seconds to wait while Exact is out of order.
        late_commits: Read the last page again on the next run.
        reread_for_new_fields: Read a stream anew where a field came into the selection.
        files: Where files are kept, or None.
        files_only: Which of them are wanted.
        files_most: How many a run asks for at most; 0 for all.
        schemas_only: Write schemas and no rows.
        record: The folder to record scrubbed answers in, or None.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    base_url: str
    server: str
    store: str | None = field(repr=False)
    store_keys: tuple[str, ...] = field(repr=False)
    choice: Choice
    reread: Reread | None
    cadences: Cadences
    terms: Terms
    bounded: bool
    contract_calls: int
    spread: bool
    select_everything: bool
    personal: Personal
    salt: str = field(repr=False)
    column_names: ColumnNames
    start: datetime | None
    concurrency: int
    skip_denied: bool
    reserved_calls: int
    maintenance: float
    late_commits: bool
    reread_for_new_fields: bool
    files: str | None
    files_only: Only
    files_most: int
    schemas_only: bool
    record: Path | None

    def owner(self, environment: Mapping[str, str]) -> Owner:
        """Return whose the state of a run is.

        Args:
            environment: The environment of the process, which tells of Meltano's.
        """
        choice = self.choice
        shard = f"{choice.shard.part}/{choice.shard.of}" if choice.shard else ""
        return Owner(shard, frozenset(choice.only), environment.get("MELTANO_ENVIRONMENT", ""))


def parse(config: Mapping[str, Any]) -> Settings:
    """Check the configuration as a whole.

    Raises:
        ConfigurationError: A setting has a value that cannot be used; the message names it, but never shows a secret.
    """
    values = {}
    for setting in SETTINGS:
        value = config.get(setting.name)
        values[setting.name] = setting.default if value is None or value == "" else value
    if unset := [setting for setting in SETTINGS if setting.required and not values[setting.name]]:
        raise Unset(_unset(unset))
    for setting in SETTINGS:
        if setting.options and values[setting.name] not in setting.options:
            msg = (
                f"`{setting.name}`: '{spoken(values[setting.name])}' is none of {', '.join(setting.options)}."
            )
            raise ConfigurationError(msg)
    for name in ("divisions", "exclude_divisions"):
        for number in values[name]:
            if number < 1:
                msg = f"`{name}`: {number} is no number of a division."
                raise ConfigurationError(msg)
    base_url = _base_url(values["base_url"]) if values["base_url"] else HOSTS[values["region"]]
    return Settings(
        client_id=values["client_id"],
        client_secret=values["client_secret"],
        refresh_token=values["refresh_token"],
        base_url=base_url,
        server=re.sub(r"[^\w.-]", "_", urlsplit(base_url).netloc) if values["base_url"] else values["region"],
        store=values["store"],
        store_keys=tuple(key.strip() for key in (values["store_key"] or "").split(",") if key.strip()),
        choice=Choice(
            only=frozenset(values["divisions"]),
            exclude=frozenset(values["exclude_divisions"]),
            shard=Shard.parse(values["shard"]) if values["shard"] else None,
        ),
        reread=Reread.parse(values["reread"]),
        cadences=Cadences.parse(values["cadence"]),
        terms=terms_of(values["at_most_old"], values["weights"]),
        bounded=bool(values["at_most_old"]),
        contract_calls=values["contract_calls"],
        spread=bool(values["spread"]),
        select_everything=bool(values["select_everything"]),
        personal=Personal(values["personal_data"]),
        salt=_salt(values["personal_data"], values["personal_salt"]),
        column_names=ColumnNames(values["column_names"]),
        start=_start_date(values["start_date"]) if values["start_date"] else None,
        concurrency=values["concurrency"],
        skip_denied=values["on_denied"] == "skip",
        reserved_calls=values["reserved_calls"],
        maintenance=values["maintenance_minutes"] * 60.0,
        late_commits=values["late_commits"],
        reread_for_new_fields=values["new_fields"] == "reread",
        files=values["files"],
        files_only=Only.parse(values["files_only"]),
        files_most=values["files_most"],
        schemas_only=bool(values["schemas_only"]),
        record=Path(values["record"]).expanduser() if values["record"] else None,
    )


def personal_of(config: Mapping[str, Any]) -> Personal:
    """Return what becomes of personal data, by a configuration that need not be whole: columns follow from it.

    A value that there is not is refused where the configuration is checked.
    """
    said = config.get("personal_data")
    return next((each for each in Personal if each.value == said), Personal.KEEP)


def column_names_of(config: Mapping[str, Any]) -> ColumnNames:
    """Return what columns are called, by a configuration that need not be whole."""
    said = config.get("column_names")
    return next((each for each in ColumnNames if each.value == said), ColumnNames.EXACT)


def explain(errors: Iterable[str]) -> str:
    """Turn the messages of a JSON Schema validation into one that names settings and says what to do."""
    by_name = {setting.name: setting for setting in SETTINGS}
    lines = []
    unset = []
    for error in errors:
        required = re.fullmatch(r"'(\w+)' is a required property", error)
        place = re.search(r" in config\['(\w+)'\]", error)
        name = (required or place or [None, None])[1]
        if required and name in by_name:
            unset.append(by_name[name])
        elif name in by_name and by_name[name].secret:
            lines.append(f"`{name}`: the value has the wrong type.")
        else:
            said = error.partition(" in config[")[0]
            lines.append(f"`{name}`: {unstopped(said)}." if name else said)
    return " ".join([*lines, *([_unset(unset)] if unset else [])])


def _unset(settings: Sequence[Setting]) -> str:
    """Name all that is missing at once, and where it can be put here."""
    missing = " ".join(f"`{setting.name}` is not set. {setting.description}" for setting in settings)
    return f"{missing} {how_to_set([f'TAP_EXACT_ONLINE_{setting.name.upper()}' for setting in settings])}"


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        bare = not (parts.query or parts.fragment or parts.path.strip("/") or set("@\\ ") & set(parts.netloc))
        valid = bare and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        msg = (
            "`base_url` is not the address of a server: give scheme, host and port and nothing behind them, for"
            " example https://start.exactonline.nl or http://127.0.0.1:8765."
        )
        raise ConfigurationError(msg)
    if parts.scheme == "http" and not _is_near(parts.hostname or ""):
        msg = (
            "`base_url` begins with http:, which sends secrets and tokens in the clear: use https:. Without it only this"
            " machine can be reached, or a container by its short name."
        )
        raise ConfigurationError(msg)
    return f"{parts.scheme}://{parts.netloc}"


def _is_near(host: str) -> bool:
    """Tell whether a server is on this machine, or has a name without a dot: no public server can have one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # A number without dots is an address too, and not one of this kind.
        return bool(re.fullmatch(r"[a-z][\w-]*|[\w.-]+\.localhost", host, re.IGNORECASE))


def _salt(personal: str, salt: str | None) -> str:
    """Return what personal data is hashed with: a hash that is made without is soon guessed."""
    if personal != Personal.HASH.value:
        return ""
    if len(salt or "") < _SALT:
        msg = (
            f"`personal_data` is hash, and `personal_salt` {f'is shorter than {_SALT} characters' if salt else 'is not set'}. Set it to a long"
            " random text, for example what `openssl rand -hex 32` prints, keep it secret, and do not change it: with another one"
            " every value has another hash."
        )
        raise ConfigurationError(msg)
    return salt or ""


def _start_date(text: str) -> datetime:
    """Read a day, or a moment whose day counts: what is read starts at midnight of the Dutch clock."""
    try:
        moment = datetime.fromisoformat(text)
        day = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        msg = f"`start_date`: '{spoken(text)}' is not a date of the form 2024-01-31."
        raise ConfigurationError(msg) from None
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  a wall clock has no zone
