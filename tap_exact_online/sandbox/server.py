"""Runs the sandbox: socket, certificate, ready file, signals."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import trustme
import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tap_exact_online.sandbox.app import TRANSPORT, App
from tap_exact_online.sandbox.service import Service


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a sandbox listens, and what a client needs to connect.

    Attributes:
        base_url: Scheme, host and port.
        client_id: The app registration.
        client_secret: Its secret.
        refresh_token: One that works.
        redirect_uri: The registered redirect address.
        ca_file: The certificate authority to trust; None without TLS.
        pid: The process.
    """

    base_url: str
    client_id: str
    client_secret: str
    refresh_token: str
    redirect_uri: str
    ca_file: str | None
    pid: int


class _Protocol(HttpToolsProtocol):
    """The HTTP protocol; it leaves its transport where a scripted failure can break it."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


class _Server(uvicorn.Server):
    """A server that tells when it listens, and leaves at the first signal with exit code 0."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Generator[None, None, None]:
        previous = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True
        # calls that still wait are dropped: nobody needs to read about each
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 is any free one.

    Raises:
        OSError: The port is taken, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches off Nagle's algorithm, and with it 40 ms for each answer, only where the protocol is given
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def run(
    service: Service,
    bound: socket.socket,
    *,
    tls: bool,
    ca_file: Path | None,
    announce: Callable[[Listening], None],
) -> None:
    """Serve until a signal comes.

    Args:
        service: Everything behind the sandbox.
        bound: The listening socket.
        tls: Serve HTTPS with a throw-away certificate.
        ca_file: Where to write its authority; None is a file that is gone when the sandbox stops.
        announce: Called once when the sandbox answers.
    """
    host, port = bound.getsockname()[:2]
    with tempfile.TemporaryDirectory(prefix="exact-online-sandbox-") as folder:
        trusted = (ca_file or Path(folder) / "ca.pem") if tls else None
        listening = Listening(
            base_url=f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}",
            client_id=service.client_id,
            client_secret=service.client_secret,
            refresh_token=service.tokens.current(),
            redirect_uri=service.options.redirect_uri,
            ca_file=None if trusted is None else str(trusted),
            pid=os.getpid(),
        )
        files = {} if trusted is None else _certificate(host, trusted, Path(folder))
        config = uvicorn.Config(
            App(service),
            http=_Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # the app writes the date of its own clock
            timeout_keep_alive=120,
            timeout_graceful_shutdown=0,
            **files,
        )
        server = _Server(config, lambda: announce(listening))
        asyncio.run(server.serve(sockets=[bound]))


def _certificate(host: str, ca_file: Path, folder: Path) -> Mapping[str, Any]:
    """Write a certificate for this host, and return the server's settings for it."""
    authority = trustme.CA()
    issued = authority.issue_cert(host, "localhost", "127.0.0.1")
    chain = folder / "server.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(chain)
    write_whole(ca_file, authority.cert_pem.bytes())
    return {"ssl_certfile": str(chain), "ssl_version": ssl.PROTOCOL_TLS_SERVER}


def write_ready(path: Path, listening: Listening) -> None:
    """Write where a sandbox listens, as JSON."""
    write_whole(path, orjson.dumps(listening, option=orjson.OPT_INDENT_2))
