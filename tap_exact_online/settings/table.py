"""The table of settings, and the JSON Schema that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
        or_object: A text that may as well be a JSON object.
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
    or_object: bool = False


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
        "personal_data",
        "options",
        "Personal Data",
        "What becomes of the fields that tell of a person, such as names, addresses and remarks: keep them, replace each text by a"
        " hash of it and do without what is no text, or do without all of them. `exact-online streams --personal` lists them.",
        default="keep",
        options={"keep": "Keep", "hash": "Hash", "drop": "Leave out"},
    ),
    Setting(
        "personal_salt",
        "string",
        "Personal Salt",
        "With `personal_data: hash`: what the hashes are made with, a random text of 16 characters or more. The same value gives the"
        " same hash as long as it stays the same.",
        secret=True,
    ),
    Setting(
        "column_names",
        "options",
        "Column Names",
        "What columns are called: as in Exact (AmountDC), or in the way of databases (amount_dc). One choice for the life of a table: a"
        " state that was written with the other is refused. Fields are selected, and mapped, by Exact's names either way.",
        default="exact",
        options={"exact": "As in Exact", "snake_case": "snake_case"},
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
        "cadence",
        "object",
        "Cadence",
        "How often streams are asked at most: always, daily or weekly by the name of the stream, and `*` for all others, for"
        ' example {"journals": "weekly", "*": "always"}. Unset: as the list of streams says. The first run of a stream ignores it.',
        default={},
    ),
    Setting(
        "select_everything",
        "boolean",
        "Select Everything",
        "Believe a catalog that selects every stream, and read them all, pay and absence included. Off: it counts as one where"
        " nothing was chosen, which is how Meltano makes it then, and what is on by default is read.",
        default=False,
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
        "at_most_old",
        "string",
        "At Most Old",
        "How old what was read may be at most, for example 72h or 3d, or by stream, as in"
        ' {"transaction_lines": "6h", "*": "72h"}. It comes before all else where calls are short; where it cannot be kept the run'
        " ends with 4 and says so. Unset: no bound.",
        or_object=True,
    ),
    Setting(
        "weights",
        "object",
        "Weights",
        'How much more than others a stream counts where calls are short, for example {"transaction_lines": 4}.',
        default={},
    ),
    Setting(
        "contract_calls",
        "integer",
        "Contract Calls",
        "Calls a day (UTC) over all divisions and processes. Exact's fair use allows a contract 20,000. Where they are not enough"
        " a run reads what matters most, and leaves the rest for the next one. 0: no limit.",
        default=20_000,
        most=100_000_000,
    ),
    Setting(
        "spread",
        "boolean",
        "Spread",
        "Leave calls of the contract for the runs that are to be expected on the same day, by the hours in which runs began before."
        " Off: each run may use all that are left.",
        default=True,
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
        "files",
        "string",
        "Files",
        "Where the files of document_attachment_files and item_pictures are kept: a folder, or a URL that begins with s3:, gs:"
        " or az:. Unset: no file is fetched.",
    ),
    Setting(
        "files_only",
        "object",
        "Files Only",
        'Which files to fetch, for example {"document_types": [10, 20], "largest": 5000000, "newest_days": 365}: of documents'
        " of these types, of so many bytes at most, of documents made in so many days. What is left out narrows nothing.",
        default={},
    ),
    Setting(
        "files_most",
        "integer",
        "Files At Most",
        "How many files a run asks for at most, each of them a call; the next run goes on. 0: as many as there are.",
        default=1000,
    ),
    Setting(
        "schemas_only",
        "boolean",
        "Schemas Only",
        "Write the schema of every selected stream and end: no rows, no state, no call. A loader makes its tables and columns"
        " of them, once, before several runs would do so at the same time. Give it to one run, in the environment.",
        default=False,
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
        if setting.or_object:
            # Not a list of types: where an object is among them, the SDK takes every text of the environment for JSON.
            del schema["type"]
            schema["anyOf"] = [{"type": kind} for kind in ("string", "object", "null")]
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
