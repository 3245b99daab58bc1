"""Other published taps for Exact Online: how each is installed, and configured as its users configure it."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.cloud import REGION, Cloud
from rig.front import BASE_URL
from rig.measuring import Program, environment
from rig.taps import command_of, select

STREAM = "transaction_lines"
# Those on the package index ask for an older one, but run with this, and faster.
_PYTHON = "3.11"
_PATIENCE = 600
_START = "2000-01-01T00:00:00Z"
_PLACE = "exact-online"


class NotToBeHad(Exception):  # noqa: N818  says what happened
    """A peer cannot be installed or does not start here; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a peer signs in with.

    Attributes:
        client_id: The app registration.
        client_secret: Its secret.
        refresh_token: A login of its own.
        access_token: One that outlives the benchmark.
        division: The only one.
    """

    client_id: str
    client_secret: str
    refresh_token: str
    access_token: str
    division: int

    @property
    def tokens(self) -> dict[str, str]:
        """Both tokens, as files of tokens have them."""
        return {"access_token": self.access_token, "refresh_token": self.refresh_token}


@dataclass(frozen=True, slots=True)
class Setup:
    """How a peer is told what to do.

    Attributes:
        config: Its configuration.
        state: What it begins with; None is nothing.
    """

    config: Mapping[str, Any]
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """A published tap.

    Attributes:
        name: What it is called here.
        configure: Makes its configuration; whatever else it needs is put into the folder or into the cloud.
        command: Its program.
        requirements: What to install; nothing where no package index has it.
    """

    name: str
    configure: Callable[[Account, Path, Cloud], Setup]
    command: str = "tap-exact"
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a peer is set up.

    Attributes:
        folder: Where its files go.
        cloud: Where some keep their tokens.
        reached: The environment in which it reaches the server.
    """

    folder: Path
    cloud: Cloud
    reached: Mapping[str, str]


# --- How each is configured ----------------------------------------------------------------------------------


def _with_secret(account: Account, _: Path, kept: Cloud) -> Setup:
    """Tokens in AWS Secrets Manager; without a state it ends with an error, so it gets the first position."""
    expiry = str(int(time.time()) + 86_400)
    secret = json.dumps({**account.tokens, "access_expiry": expiry})
    kept.client("secretsmanager").create_secret(Name=_PLACE, SecretString=secret)
    config = {
        "base_url": "https://www.example.com",
        "rest_url": f"{BASE_URL}/api",
        "auth_url": f"{BASE_URL}/api/oauth2/auth",
        "token_url": f"{BASE_URL}/api/oauth2/token",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "secret_id": _PLACE,
        "division": account.division,
    }
    position = {"replication_key": "Timestamp", "replication_key_value": "1"}
    return Setup(config, {"bookmarks": {STREAM: position}})


def _with_ini(account: Account, folder: Path, _: Cloud) -> Setup:
    """Tokens in an INI file, with which comes a limit of 50 pages unless it says another."""
    ini = configparser.ConfigParser(interpolation=None)
    ini["application"] = {
        "base_url": "https://www.example.com",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "iteration_limit": "1000000",
    }
    expiry = str(int(time.time()) + 86_400)
    ini["transient"] = {**account.tokens, "access_expiry": expiry, "division": str(account.division)}
    file = folder / "exact.ini"
    with file.open("w") as output:
        ini.write(output)
    return Setup({"config_file_location": str(file), "start_date": _START})


def _with_bucket(account: Account, _: Path, kept: Cloud) -> Setup:
    """Tokens in a file in S3."""
    storage = kept.client("s3")
    storage.create_bucket(Bucket=_PLACE, CreateBucketConfiguration={"LocationConstraint": REGION})
    storage.put_object(Bucket=_PLACE, Key="tokens/tokens.json", Body=json.dumps(account.tokens))
    config = {
        "start_date": _START,
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "tokens_s3_bucket": _PLACE,
        "tokens_s3_key": "tokens",
        "divisions": [str(account.division)],
    }
    return Setup(config)


def _with_config(account: Account, _: Path, __: Cloud) -> Setup:
    """Tokens in the configuration; it looks for a warehouse unless it is told one, whatever is read."""
    config = {
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        **account.tokens,
        "start_date": _START,
        "sync_endpoints": True,
        "current_division": str(account.division),
        "warehouse_uuid": "00000000-0000-0000-0000-000000000000",
    }
    return Setup(config)


PEERS = {
    peer.name: peer
    for peer in (
        Peer("tap-exactonline", _with_secret, "tap-exactonline", ("tap-exactonline==0.2.24",)),
        # Its SDK needs pkg_resources and does not say so.
        Peer("tap-exact", _with_ini, "tap-exact", ("tap-exact==0.7.1", "setuptools<81")),
        Peer("TicketSwap/tap-exact", _with_bucket),
        Peer("hotgluexyz/tap-exact", _with_config),
    )
}


# --- Installing and setting up -------------------------------------------------------------------------------


def install(peer: Peer, folder: Path) -> str:
    """Install a peer into an environment of its own and return the path of its command.

    Raises:
        NotToBeHad: It cannot be installed.
    """
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        msg = "uv is not installed: `make install` does it"
        raise NotToBeHad(msg)
    place = folder / "environment"
    python = place / "bin/python"
    _run([uv, "venv", "--quiet", "--python", _PYTHON, str(place)], {}, folder)
    _run([uv, "pip", "install", "--quiet", "--python", str(python), *peer.requirements], {}, folder)
    return str(python.with_name(peer.command))


def prepare(peer: Peer, given: str, account: Account, place: Place) -> Program:
    """Set a peer up to read the transaction lines.

    Args:
        peer: The peer.
        given: Its command.
        account: What it signs in with.
        place: Where it is.

    Raises:
        NotToBeHad: It does not tell what it could read.
    """
    folder = place.folder
    setup = peer.configure(account, folder, place.cloud)
    config = folder / "config.json"
    config.write_text(json.dumps(setup.config))
    env = {**place.reached, **place.cloud.environment}
    command = [*command_of(given), "--config", config.name]
    discovered = json.loads(_run([*command, "--discover"], env, folder))
    catalog = folder / "catalog.json"
    catalog.write_text(json.dumps(select(discovered, [STREAM])))
    command += ["--catalog", catalog.name]
    if setup.state is not None:
        (folder / "state.json").write_text(json.dumps(setup.state))
        command += ["--state", "state.json"]
    # In the folder of its configuration, where one of them looks for it whatever it is told.
    return Program(peer.name, ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), *command], env)


def _run(command: list[str], env: Mapping[str, str], folder: Path) -> bytes:
    # What the project pins is not what others were published with.
    whole = {name: value for name, value in environment(env).items() if name != "UV_CONSTRAINT"}
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, env=whole, cwd=folder, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotToBeHad(str(error)) from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        msg = f"`{' '.join(Path(word).name for word in command[:3])}` failed: {' '.join(lines[-3:])}"
        raise NotToBeHad(msg)
    return done.stdout
