"""One data call: who asks, for which division, within which limits, and what is answered."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox import pages, query, spoiling, wire
from tap_exact_online.sandbox.answers import Answer, error_json, error_xml
from tap_exact_online.sandbox.books import APART, SYNC_TIMESTAMP
from tap_exact_online.sandbox.divisions import Division
from tap_exact_online.sandbox.limits import COUNTED
from tap_exact_online.sandbox.pages import Call
from tap_exact_online.sandbox.query import RefusedError
from tap_exact_online.sandbox.service import ENDPOINTS, Forbidden, Service
from tap_exact_online.sandbox.values import Value

MOST_URL = 6000
_BETA = "beta/"
_KEY = re.compile(r"\([^()]*\)$")
_JSON = "application/json;charset=utf-8"
_ATOM = "application/atom+xml;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A data call as it came.

    Attributes:
        path: What follows `/api/v1/`.
        query: The raw query string.
        headers: The headers, names in lower case.
        base: The server's address as the client wrote it.
        length: Characters of the whole address.
    """

    path: str
    query: str
    headers: Mapping[str, str]
    base: str
    length: int

    @property
    def beta(self) -> bool:
        """Whether the address is one of those that begin with `beta`."""
        return self.path[: len(_BETA)].lower() == _BETA

    @property
    def _rest(self) -> str:
        return self.path[len(_BETA) :] if self.beta else self.path

    @property
    def division(self) -> str:
        """The division as written, or nothing where the path has none."""
        front = self._rest.split("/", 1)[0]
        return front if front.isdecimal() else ""

    @property
    def form(self) -> str:
        """The form of the address, in the words of the facts."""
        return ("beta" if self.beta else "division") if self.division else "user"

    @property
    def endpoint(self) -> str:
        """The endpoint in the reference's letter case, or as written when it is unknown.

        A next link may name the row that it goes on from in parentheses behind the endpoint.
        """
        written = self._rest.split("/", 1)[-1] if self.division else self._rest
        bare = _KEY.sub("", written) if "$skiptoken=" in unquote(self.query) else written
        return ENDPOINTS.get(bare.lower().rstrip("/"), written)

    @property
    def json(self) -> bool:
        """Whether JSON is asked for: everything else is answered in Atom."""
        return "application/json" in self.headers.get("accept", "").lower()


class _DeniedError(RefusedError):
    """A 403, with its `Reason` header."""

    def __init__(self, reason: str, message: str = "Forbidden") -> None:
        super().__init__(403, message)
        self.reason = reason


_NO_SCOPE = "Forbidden - Application Scope Violated."
_OUTSIDE = "Forbidden - User division is not within division scope"


def answer(service: Service, request: Request) -> Answer:
    """Answer a data call and count it."""
    options, now = service.options, service.clock.now()
    token = bearer(request.headers)
    user, owner = service.tokens.user_of(token, now), service.tokens.owner(token)
    if user is not None and service.limits.blocked(now):
        reason = "The app is blocked: too many errors"
        return Answer(
            options.blocked_status, (("Content-Type", _JSON), ("Reason", reason)), error_json(reason)
        )
    result = _answer(service, request, user, now)
    # a made-up token belongs to no app that could be blocked, and a recording tells by itself what was blocked
    if result.status in COUNTED and owner is not None and service.replay is None:
        service.limits.error(owner, request.division, request.endpoint, now, options)
    return result


def bearer(headers: Mapping[str, str]) -> str:
    """Return the access token that a call shows, or nothing."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _answer(service: Service, request: Request, user: str | None, now: float) -> Answer:
    if user is None:
        words = service.options.expired_words
        expired = ("WWW-Authenticate", f'Bearer error="invalid_token", error_description="{words}"')
        return _failure(service, request, 401, "Unauthorized", (expired, ("Reason", "Unauthorized")))
    if service.replay is not None:
        division = int(request.division) if request.division else None
        return service.replay.answer(request.endpoint, division, request.base)
    headers: tuple[tuple[str, str], ...] = ()
    if request.division:
        verdict = service.limits.call(int(request.division), now, service.options)
        headers = verdict.headers
        if not verdict.allowed:
            return Answer(429, headers, b"")
    try:
        body = _rows(service, request)
    except RefusedError as refused:
        reason = refused.reason if isinstance(refused, _DeniedError) else refused.message.split("\n", 1)[0]
        # a header holds Latin-1 only, and no line breaks
        safe = reason.encode("latin-1", "replace").decode("latin-1")
        return _failure(service, request, refused.status, refused.message, (*headers, ("Reason", safe)))
    return Answer(200, (*headers, ("Content-Type", _JSON if request.json else _ATOM)), body)


def _failure(
    service: Service, request: Request, status: int, message: str, headers: tuple[tuple[str, str], ...]
) -> Answer:
    if service.options.error_body == "text" and status == 403:  # noqa: PLR2004 - Forbidden
        return Answer(status, (*headers, ("Content-Type", "text/plain;charset=utf-8")), message.encode())
    if request.json:
        return Answer(status, (*headers, ("Content-Type", _JSON)), error_json(message))
    return Answer(status, (*headers, ("Content-Type", "application/xml;charset=utf-8")), error_xml(message))


def _rows(service: Service, request: Request) -> bytes:
    if request.length > MOST_URL:
        raise RefusedError(414, f"The address is longer than {MOST_URL} characters.")
    if request.endpoint.lower() not in ENDPOINTS or request.endpoint in service.options.absent:
        raise RefusedError(404, "Resource not found for the segment.")
    endpoint = edm.load(request.endpoint)
    if request.form != endpoint.form:
        raise RefusedError(404, "Resource not found for the segment.")
    division = _granted(service, request) if request.division else None
    code = None if division is None else division.code
    missing = next((rule for rule in service.forbidden if rule.matches(endpoint, code)), None)
    if missing is not None and not missing.silent:
        raise _denied(missing, endpoint)
    if division is not None and endpoint.path == SYNC_TIMESTAMP:
        return _sync_timestamp(service, request, division)
    asked = query.read(request.query, endpoint, service.options)
    call = Call(endpoint, division, asked, request.base, request.json)
    return pages.page(service, call) if missing is None else pages.nothing(service, call)


def elsewhere(service: Service, request: Request, count: int) -> list[spoiling.Row]:
    """Return the first rows that a call would find in another granted division, or none where there is none."""
    own = int(request.division or 0)
    others = [code for code in service.divisions.by_code if code != own and service.divisions.granted(code)]
    if not own or not others or request.endpoint in APART:
        return []
    endpoint = edm.load(request.endpoint)
    asked = query.read(request.query, endpoint, service.options)
    first = dataclasses.replace(
        asked, given=(), after=-1, where=(), parameters=(), token=None, skip=0, top=count
    )
    call = Call(endpoint, service.divisions[others[0]], first, request.base, json=True)
    return spoiling.unwrapped(orjson.loads(pages.page(service, call)))


def _granted(service: Service, request: Request) -> Division:
    division = service.divisions.granted(int(request.division))
    if division is None:
        raise _DeniedError("NoDivisionAccess", _OUTSIDE)  # noqa: EM101 - the words of the header
    if division.blocking_status:
        raise _DeniedError("DivisionBlocked")  # noqa: EM101 - the words of the header
    return division


def _denied(rule: Forbidden, endpoint: edm.Endpoint) -> _DeniedError:
    if rule.reason:
        return _DeniedError(rule.reason)
    scope = (rule.scope or endpoint.scope or "unknown").lower().replace(" ", ".")
    return _DeniedError(_NO_SCOPE, f"{_NO_SCOPE}\nCannot read '{scope}' scope.")


def _sync_timestamp(service: Service, request: Request, division: Division) -> bytes:
    """Answer with the row version of the first row that was modified since a moment."""
    moment, name = query.read_sync_timestamp(request.query)
    known = next((e for e in map(edm.load, ENDPOINTS.values()) if e.synctimestamp == name), None)
    if known is None:
        raise RefusedError(400, f"The endpoint '{name}' is not supported.")
    endpoint = edm.load(SYNC_TIMESTAMP)
    shelf = service.shelf(division, known.path)
    first = shelf.first_since(moment)
    row: dict[str, Value] | None = (
        None
        if first is None
        else {"Modified": shelf.modified(first), "API": name, "TimeStampAsBigInt": shelf.timestamp(first)}
    )
    shape = service.options.synctimestamp_envelope
    root = f"{request.base}/api/v1/{division.code}/{SYNC_TIMESTAMP}"
    if not request.json:
        return wire.atom([] if row is None else [row], endpoint, tuple(endpoint.properties), root, None)
    if row is None:
        return orjson.dumps({"d": {"list": [], "object": {}, "results": {"results": []}}[shape]})
    return wire.envelope([wire.encode(row, endpoint, endpoint.properties, root)], shape, None)
