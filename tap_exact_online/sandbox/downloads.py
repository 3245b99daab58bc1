"""One call for a file: who asks, which row it belongs to, within which limits, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tap_exact_online import edm
from tap_exact_online.sandbox import api, filing
from tap_exact_online.sandbox.answers import Answer, error_json
from tap_exact_online.sandbox.filing import ATTACHMENT_URL, ATTACHMENTS, IMAGE_URL, ITEMS, File
from tap_exact_online.sandbox.limits import COUNTED
from tap_exact_online.sandbox.service import Service

PATHS: Mapping[str, str] = {path.lower(): path for path in (ATTACHMENT_URL, IMAGE_URL)}
"""The paths of files, by their lower-case spelling."""
_TABLES: Mapping[str, str] = {ATTACHMENT_URL: ATTACHMENTS, IMAGE_URL: ITEMS}
_JSON = ("Content-Type", "application/json;charset=utf-8")
_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Exact Online</title></head>\n"
    b"<body>U hebt geen rechten om dit document te bekijken.</body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A call for a file as it came.

    Attributes:
        path: The path without its first slash, as it is spelled in rows.
        query: The options, names in lower case.
        headers: The headers, names in lower case.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, path: str, query: str, headers: Mapping[str, str]) -> Request:
        """Take a call apart."""
        given = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
        return cls(PATHS.get(path.lower(), path), given, headers)

    def division(self, service: Service) -> str:
        """Return the division that is named, or that has the row, or else the one that the user has open."""
        named = self.query.get("_division_", "")
        if named.isdecimal():
            return named
        if self.path == IMAGE_URL and service.options.image_division == "row":
            owners = (code for code in service.divisions.by_code if self.index(service, code) is not None)
            return str(next(owners, service.divisions.current))
        return str(service.divisions.current)

    def index(self, service: Service, division: int) -> int | None:
        """Return the index of the row that is named, or None where the division has none of it."""
        known, table = service.divisions.by_code.get(division), _TABLES.get(self.path)
        if known is None or table is None:
            return None
        shelf = service.shelf(known, table)
        index = shelf.find(self.query.get("id", "").strip("{}").lower())
        return index if index is not None and shelf.visible(index) else None


def answer(service: Service, request: Request) -> Answer:
    """Answer a call for a file and count it."""
    options, now = service.options, service.clock.now()
    token = api.bearer(request.headers)
    user, owner = service.tokens.user_of(token, now), service.tokens.owner(token)
    division = request.division(service)
    if user is not None and service.limits.blocked(now):
        reason = "The app is blocked: too many errors"
        return Answer(options.blocked_status, (_JSON, ("Reason", reason)), error_json(reason))
    result = _answer(service, request, user, int(division))
    if result.status in COUNTED and owner is not None:
        service.limits.error(owner, division, request.path, now, options)
    return result


def _answer(service: Service, request: Request, user: str | None, division: int) -> Answer:
    options = service.options
    if user is None:
        expired = f'Bearer error="invalid_token", error_description="{options.expired_words}"'
        return Answer(
            401,
            (_JSON, ("WWW-Authenticate", expired), ("Reason", "Unauthorized")),
            error_json("Unauthorized"),
        )
    headers: tuple[tuple[str, str], ...] = ()
    if options.downloads != "free":
        verdict = service.limits.call(division, service.clock.now(), options)
        if not verdict.allowed:
            return Answer(429, verdict.headers)
        headers = verdict.headers if options.downloads == "counted" else ()
    found = _file(service, request, division)
    if found is None:
        return _refused(options.refused_file, headers)
    how = "attachment" if request.query.get("download") == "1" else "inline"
    name = found.name.encode("ascii", "replace").decode()
    about = (("Content-Type", found.kind), ("Content-Disposition", f'{how}; filename="{name}"'))
    return Answer(200, (*headers, *about), found.content)


def _file(service: Service, request: Request, division: int) -> File | None:
    """Return the file, or None where there is none or the user may not see it."""
    known = service.divisions.granted(division)
    index = request.index(service, division)
    facts = edm.Endpoint(request.path, "ID", scope="Organization documents")
    if (
        known is None
        or index is None
        or any(rule.matches(facts, division) for rule in service.forbidden)
        or (request.path == IMAGE_URL and request.query.get("table") != "Items")
    ):
        return None
    shelf = service.shelf(known, _TABLES[request.path])
    key = str(shelf.identity(index))
    return (filing.attachment if request.path == ATTACHMENT_URL else filing.picture)(key, index)


def _refused(how: str, headers: tuple[tuple[str, str], ...]) -> Answer:
    if how == "html":
        return Answer(200, (*headers, ("Content-Type", "text/html; charset=utf-8")), _PAGE)
    reason = "Forbidden" if how == "403" else "Not found"
    return Answer(int(how), (*headers, _JSON, ("Reason", reason)), error_json(reason))
