"""HTTP in, HTTP out: routes, scripted failures, latency, counting."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import os
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import orjson
from starlette.applications import Starlette
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tap_exact_online.sandbox import api, commands, downloads, faults, filing, oauth, spoiling
from tap_exact_online.sandbox.answers import Answer
from tap_exact_online.sandbox.faults import Fault
from tap_exact_online.sandbox.service import Service
from tap_exact_online.sandbox.spoiling import Struck

_TURNS = 3  # of the event loop, in which requests that arrived together are read
_SMALL = 1024
_DATA = "/api/v1/"
TRANSPORT = "sandbox.transport"
"""The key in the connection's state under which the server leaves its transport, for failures that break it."""


async def _send(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    response = Response(answer.body, answer.status)
    for name, value in answer.headers:
        response.headers[name] = value
    await response(scope, receive, send)


async def _break(scope: Scope, receive: Receive) -> None:
    """Reset the connection and wait until the server has noticed, so that it answers nothing more."""
    transport: asyncio.Transport = scope["state"][TRANSPORT]
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        # lingering for zero seconds turns the close into a TCP reset
        form = "hh" if os.name == "nt" else "ii"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(form, 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Announce the whole body, send half of it and close."""
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    transport: asyncio.Transport = scope["state"][TRANSPORT]
    transport.close()  # what was written is still sent
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drag(answer: Answer, seconds: float, send: Send) -> None:
    """Send half of the body, and the rest much later."""
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    half = len(answer.body) // 2
    await send({"type": "http.response.body", "body": answer.body[:half], "more_body": True})
    await asyncio.sleep(seconds)
    await send({"type": "http.response.body", "body": answer.body[half:]})


def _is_ours(host: str) -> bool:
    """Tell whether a request was meant for this machine.

    That is so for a loopback address, a name without a dot (a container's), and Exact's own names: programs that have those
    built in are brought here by a proxy, and no web page can let them lead here.
    """
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return "." not in name or name.endswith(".localhost") or _EXACT.fullmatch(name) is not None


_EXACT = re.compile(r"start\.exactonline\.(?:nl|be|de|fr|es|co\.uk|com)")


class App:
    """The sandbox as an ASGI application.

    Args:
        service: Everything behind it.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._routes = Starlette(
            routes=[
                Route("/api/oauth2/auth", self._consent, methods=["GET", "POST"]),
                Route("/api/oauth2/token", self._token_refused, methods=["GET"]),
                Route("/_sandbox/{command:path}", self._command, methods=["GET", "POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI asks for it."""
        if scope["type"] == "http" and not _is_ours(HTTPRequest(scope).headers.get("host", "")):
            # A page in a browser can let a name of its own lead to this machine, and would be let in by it.
            await _send(
                Answer(421, (), b"This sandbox answers to names of this machine only.\n"),
                scope,
                receive,
                send,
            )
            return
        if scope["type"] == "http" and scope["path"].lower().startswith(_DATA):
            await self._data(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].lower().removeprefix("/") in downloads.PATHS:
            await self._file(scope, receive, send)
        elif (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"].lower() == "/api/oauth2/token"
        ):
            await self._token(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    async def _data(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HTTPRequest(scope)
        if scope["method"] != "GET":
            await _send(Answer(405, (("Allow", "GET"),)), scope, receive, send)
            return
        raw = f"{scope['raw_path'].decode('latin-1')}?{scope['query_string'].decode('latin-1')}"
        base = f"{scope['scheme']}://{http.headers.get('host', 'localhost')}"
        headers = dict(http.headers)
        asked = api.Request(
            scope["path"][len(_DATA) :],
            scope["query_string"].decode("latin-1"),
            headers,
            base,
            len(base + raw),
        )
        stats = self.service.stats
        stats.enter(asked.division, asked.endpoint, asked.query)
        try:
            struck = Struck(
                asked.endpoint,
                int(asked.division) if asked.division else None,
                base + raw,
                lambda count: api.elsewhere(self.service, asked, count),
            )
            await self._guarded((scope, receive, send), struck, lambda: api.answer(self.service, asked))
        finally:
            stats.leave(asked.division)

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HTTPRequest(scope)
        if scope["method"] != "GET":
            await _send(Answer(405, (("Allow", "GET"),)), scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        asked = downloads.Request.of(scope["path"].removeprefix("/"), query, dict(http.headers))
        division = asked.division(self.service)
        stats = self.service.stats
        stats.enter(division, asked.path)
        try:
            struck = Struck(asked.path, int(division), str(http.url), lambda _: [])
            await self._guarded((scope, receive, send), struck, lambda: downloads.answer(self.service, asked))
        finally:
            stats.leave(division)

    async def _token(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HTTPRequest(scope, receive)
        body = await http.body()
        self.service.stats.token_calls += 1
        kind = http.headers.get("content-type", "")
        struck = Struck("token", None, str(http.url), lambda _: [])
        await self._guarded((scope, receive, send), struck, lambda: oauth.token(self.service, kind, body))

    async def _guarded(
        self, asgi: tuple[Scope, Receive, Send], struck: Struck, act: Callable[[], Answer]
    ) -> None:
        """Answer a call, unless a scripted failure says otherwise."""
        scope, receive, send = asgi
        service = self.service
        query = unquote_plus(scope["query_string"].decode("latin-1"))
        fault = faults.fire(service.faults, struck.path, struck.division, query)
        await self._wait(fault)
        if fault is not None:
            service.stats.faults += 1
        if fault is not None and fault.action == "reset_before":
            await _break(scope, receive)
            return
        answer = act() if fault is None or fault.acts else Answer(200)
        if fault is not None and fault.action == "reset_after":
            await _break(scope, receive)
            return
        if fault is not None:
            answer = spoiling.put_in_place(fault) or dataclasses.replace(
                answer, body=spoiling.spoiled(fault, answer.body, struck)
            )
        answer = self._dated(self._compressed(answer, scope))
        service.stats.statuses[answer.status, struck.path] += 1
        service.stats.bytes_sent += len(answer.body)
        if fault is not None and fault.action == "cut":
            await _cut(answer, scope, receive, send)
            return
        if fault is not None and fault.action == "slow":
            await _drag(answer, fault.seconds, send)
            return
        await _send(answer, scope, receive, send)

    async def _wait(self, fault: Fault | None) -> None:
        await asyncio.sleep(self.service.options.latency_ms / 1000)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if fault is not None and fault.action == "delay":
            await asyncio.sleep(fault.seconds)

    def _dated(self, answer: Answer) -> Answer:
        """Add the date: that of the sandbox's clock, which is not this machine's once it was moved."""
        date = formatdate(self.service.clock.now(), usegmt=True)
        return Answer(answer.status, (("Date", date), *answer.headers), answer.body)

    def _compressed(self, answer: Answer, scope: Scope) -> Answer:
        accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        if not self.service.options.compress or b"gzip" not in accepted or len(answer.body) < _SMALL:
            return answer
        key = ("gzip", answer.body)
        packed = self.service.pages.get(key)
        if packed is None:
            packed = gzip.compress(answer.body, compresslevel=1, mtime=0)
            self.service.pages.put(key, packed)
        return Answer(answer.status, (*answer.headers, ("Content-Encoding", "gzip")), packed)

    async def _consent(self, request: HTTPRequest) -> Response:
        if request.method == "GET":
            answer = oauth.ask(self.service, dict(parse_qsl(request.url.query, keep_blank_values=True)))
        else:
            answer = oauth.decide(self.service, oauth.form_of(await request.body()))
        return Response(answer.body, answer.status, dict(answer.headers))

    async def _token_refused(self, _: HTTPRequest) -> Response:
        return Response(status_code=405, headers={"Allow": "POST"})

    async def _command(self, request: HTTPRequest) -> Response:
        if request.method == "GET" and request.path_params["command"]:  # the list of them changes nothing
            return Response(status_code=405, headers={"Allow": "POST"})
        # A browser names the page that sends: any page could, without being let read the answer.
        sender = urlsplit(request.headers.get("origin", "//localhost")).netloc
        if not (sender and _is_ours(sender)):
            return Response("This sandbox takes no commands from pages of others.\n", 403)
        told = await command(
            self.service, request.path_params["command"], dict(request.query_params), request.body
        )
        base = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
        body = bytes(told.body).replace(filing.BASE.encode(), base.encode())
        return Response(body, told.status_code, media_type=told.media_type)


async def command(
    service: Service, name: str, given: dict[str, Any], body: Callable[[], Awaitable[bytes]]
) -> Response:
    """Carry out a command of the control API; arguments come from the query string and the JSON body."""
    try:
        raw = await body()
        arguments = given | (orjson.loads(raw) if raw else {})
        result = commands.run(service, name, arguments)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # arguments of other types
        message = f"{type(error).__name__}: {error}"
        return Response(orjson.dumps({"error": message}), 400, media_type="application/json")
    return Response(orjson.dumps(result), 200, media_type="application/json")
