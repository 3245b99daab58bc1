"""The table of settings, and what they parse to."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.reading import Choice, Shard
from tap_exact_online.state import Reread

HOSTS: Mapping[str, str] = {
    "nl": "https://start.exactonline.nl",
    "be": "https://start.exactonline.be",
    "de": "https://start.exactonline.de",
    "fr": "https://start.exactonline.fr",
    "es": "https://start.exactonline.es",
    "uk": "https://start.exactonline.co.uk",
    "com": "https://start.exactonline.com",
}
"""The server of each region. Each is a world of its own: an account of one is unknown to the others."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: Its name, the same in `meltano.yml`, the README, `--about` and the environment.
        kind: Its kind in Meltano's words.
        label: Its short name for people.
        description: What it does.
        default: Its value when unset, or None.
        options: The values it can take, with a label for each; empty where it is free.
        secret: Whether it must never be shown.
        required: Whether nothing works without it.
        least: The smallest value of a whole number.
        most: The largest.
    """

    name: str
    kind: str
    label: str
    description: str
    default: Any = None
    options: Mapping[str, str] = field(default_factory=dict)
    secret: bool = False
    required: bool = False
    least: int = 0
    most: int = 1_000_000


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "client_id",
        "string",
        "Client ID",
        "The client id of your app registration in the Exact Online App Centre.",
        secret=True,
        required=True,
    ),
    Setting(
        "client_secret",
        "string",
        "Client Secret",
        "The client secret of your app registration.",
        secret=True,
        required=True,
    ),
    Setting(
        "refresh_token",
        "string",
        "Refresh Token",
        "A seed: it fills an empty token store once, or replaces the stored connection when it was changed."
        " Afterwards the store keeps the connection alive by itself.",
        secret=True,
    ),
    Setting(
        "region",
        "options",
        "Region",
        "The country of your Exact Online account, which decides the server.",
        default="nl",
        options={
            "nl": "Netherlands",
            "be": "Belgium",
            "de": "Germany",
            "fr": "France",
            "es": "Spain",
            "uk": "United Kingdom",
            "com": "International",
        },
    ),
    Setting(
        "base_url",
        "string",
        "Base URL",
        "Another server than the region's own, for example http://127.0.0.1:8765 for the sandbox.",
    ),
    Setting(
        "store",
        "string",
        "Token Store",
        "Where the rotating tokens are kept between runs: a path, or a URL that begins with file:, postgresql:, s3:, gs: or"
        " az:. Default: a file in your user state folder, one for each client id and region.",
        secret=True,  # the URL of a database may hold a password
    ),
    Setting(
        "store_key",
        "string",
        "Token Store Key",
        "A Fernet key to encrypt the token store with; several, separated by commas, to replace one by another: the"
        " first encrypts, all decrypt.",
        secret=True,
    ),
    Setting(
        "divisions",
        "array",
        "Divisions",
        "Numbers of the divisions to read. Empty: every division that is granted to the app.",
        default=[],
    ),
    Setting(
        "exclude_divisions",
        "array",
        "Excluded Divisions",
        "Numbers of divisions to leave out.",
        default=[],
    ),
    Setting(
        "shard",
        "string",
        "Shard",
        "A part i/n of the divisions, for example 2/4, so that n runs share the work. A division always falls in the"
        " same part.",
    ),
    Setting(
        "start_date",
        "date_iso8601",
        "Start Date",
        "Read only what was changed since this date, where Exact can tell: see the streams. Empty: everything.",
    ),
    Setting(
        "reread",
        "object",
        "Read Anew",
        'What to read anew in this run, for example {"streams": ["items"], "divisions": [123456]}; a list that is left out'
        " stands for all. Everything else goes on from its bookmark. Give it to one run, in the environment.",
        default={},
    ),
    Setting(
        "concurrency",
        "integer",
        "Concurrency",
        "Divisions to read at once; there are never two requests under way for one division. Each takes a few MB of memory.",
        default=1,
        least=1,
    ),
    Setting(
        "reserved_calls",
        "integer",
        "Reserved Calls",
        "Daily calls of each division to leave for other apps: with no more than that left, the division is left for the"
        " day.",
        default=0,
    ),
    Setting(
        "maintenance_minutes",
        "integer",
        "Maintenance Minutes",
        "How long to wait while Exact is out of order, as it is for a while every night, before giving up.",
        default=60,
    ),
    Setting(
        "late_commits",
        "boolean",
        "Late Commits",
        "Read the last page again on the next run, for rows that became visible late. Costs no call.",
        default=True,
    ),
    Setting(
        "new_fields",
        "options",
        "New Fields",
        "What happens when a field comes into the selection after rows were loaded, which therefore do not have it: say so,"
        " or read those divisions of the stream anew by itself.",
        default="warn",
        options={"warn": "Warn", "reread": "Read anew"},
    ),
    Setting(
        "on_denied",
        "options",
        "On Denied",
        "What a missing right does to the run: skip the stream in that division and list it at the end, or fail.",
        default="skip",
        options={"skip": "Skip and list", "fail": "Fail the run"},
    ),
    Setting(
        "record",
        "string",
        "Record",
        "A folder to write every answer of the API into, without its content, for a bug report. Unset: nothing is written.",
    ),
)

_JSON_TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": ["string", "null"]},
    "options": {"type": "string"},
    "date_iso8601": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "array": {"type": ["array", "null"], "items": {"type": "integer"}},
    "object": {"type": ["object", "null"]},
}


def config_jsonschema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration, as `--about` shows it."""
    properties = {}
    for setting in SETTINGS:
        schema = {**_JSON_TYPES[setting.kind], "title": setting.label, "description": setting.description}
        if setting.required:
            schema["type"] = "string"
        if setting.default is not None:
            schema["default"] = setting.default
        if setting.kind == "integer":
            schema["minimum"] = setting.least
            schema["maximum"] = setting.most
        if setting.options:
            schema["enum"] = [*setting.options]
        if setting.kind == "date_iso8601":
            schema["format"] = "date"
        if setting.secret:
            schema["secret"] = True
            schema["writeOnly"] = True
        properties[setting.name] = schema
    required = [setting.name for setting in SETTINGS if setting.required]
    return {"type": "object", "properties": properties, "required": required}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, checked.

    Attributes:
        base_url: Scheme and host, without a slash at the end.
        server: The region, or the host where `base_url` overrides it: names the default token store.
        choice: Which divisions to read.
        reread: What to read anew, or None where everything goes on from its bookmark.
        start: The wall clock from which to read, or None for everything.
        skip_denied: A missing right skips the stream in that division.
        reserved_calls: Daily calls of each division that are left for others.
        maintenance: Seconds to wait while Exact is out of order.
        late_commits: Read the last page again on the next run.
        reread_for_new_fields: Read a stream anew where a field came into the selection.
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
    start: datetime | None
    concurrency: int
    skip_denied: bool
    reserved_calls: int
    maintenance: float
    late_commits: bool
    reread_for_new_fields: bool
    record: Path | None


def parse(config: Mapping[str, Any]) -> Settings:
    """Check the configuration as a whole.

    Raises:
        ConfigurationError: A setting has a value that cannot be used; the message names it, but never shows a secret.
    """
    values = {}
    for setting in SETTINGS:
        value = config.get(setting.name)
        values[setting.name] = setting.default if value is None or value == "" else value
    for setting in SETTINGS:
        if setting.required and not values[setting.name]:
            raise ConfigurationError(_unset(setting))
        if setting.options and values[setting.name] not in setting.options:
            msg = f"`{setting.name}`: '{values[setting.name]}' is none of {', '.join(setting.options)}."
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
        start=_start_date(values["start_date"]) if values["start_date"] else None,
        concurrency=values["concurrency"],
        skip_denied=values["on_denied"] == "skip",
        reserved_calls=values["reserved_calls"],
        maintenance=values["maintenance_minutes"] * 60.0,
        late_commits=values["late_commits"],
        reread_for_new_fields=values["new_fields"] == "reread",
        record=Path(values["record"]).expanduser() if values["record"] else None,
    )


_WRITTEN: Mapping[str, tuple[type, str]] = {
    "integer": (int, "a whole number"),
    "array": (list, "a JSON list of numbers, for example [1, 2]"),
    "object": (dict, 'a JSON object, for example {"divisions": [1, 2]}'),
}


def check_environment(environment: Mapping[str, str]) -> None:
    """Check the settings that the environment gives as text but that are numbers, lists or objects.

    Raises:
        ConfigurationError: One of them is not what it should be; the message names the variable.
    """
    for setting in SETTINGS:
        variable = f"TAP_EXACT_ONLINE_{setting.name.upper()}"
        text = environment.get(variable)
        if text is None or setting.kind not in _WRITTEN:
            continue
        kind, wanted = _WRITTEN[setting.kind]
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, kind) or isinstance(value, bool):
            msg = f"{variable}: '{text}' is not {wanted}."
            raise ConfigurationError(msg)


def explain(errors: Iterable[str]) -> str:
    """Turn the messages of a JSON Schema validation into one that names settings and says what to do."""
    by_name = {setting.name: setting for setting in SETTINGS}
    lines = []
    for error in errors:
        required = re.fullmatch(r"'(\w+)' is a required property", error)
        place = re.search(r" in config\['(\w+)'\]", error)
        name = (required or place or [None, None])[1]
        if required and name in by_name:
            lines.append(_unset(by_name[name]))
        elif name in by_name and by_name[name].secret:
            lines.append(f"`{name}`: the value has the wrong type.")
        else:
            lines.append(f"`{name}`: {error}" if name else error)
    return " ".join(lines)


def _unset(setting: Setting) -> str:
    return (
        f"`{setting.name}` is not set. {setting.description} Set it with"
        f" `meltano config set tap-exact-online {setting.name}` or TAP_EXACT_ONLINE_{setting.name.upper()}."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        bare = not (parts.query or parts.fragment or parts.path.strip("/") or set("@\\ ") & set(parts.netloc))
        valid = bare and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    # A name without a dot is one of a private network, as between containers.
    host = (parts.hostname or "") if valid else ""
    if valid and parts.scheme == "http" and not (_is_loopback(host) or not {".", ":"} & {*host}):
        msg = (
            "`base_url` begins with http://, so the secret of the app and the tokens would be sent in the clear. Use https://;"
            " plain http is for this machine only."
        )
        raise ConfigurationError(msg)
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


def _start_date(text: str) -> datetime:
    """Read a day, or a moment whose day counts: what is read starts at midnight of the Dutch clock."""
    try:
        moment = datetime.fromisoformat(text)
        day = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        msg = f"`start_date`: '{text}' is not a date of the form 2024-01-31."
        raise ConfigurationError(msg) from None
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  a wall clock has no zone
