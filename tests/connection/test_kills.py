"""A process that is killed in the middle of a rotation: the next run goes on, or says exactly why it cannot."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tap_exact_online.surroundings import how_to
from tests.conftest import Sandbox, StartSandbox
from tests.connection.dying import POINTS
from tests.processes import capture, until
from tests.singer import COMMAND, Tap, tap_for


@pytest.fixture
def world(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(rows=0)


@pytest.fixture
def tap(world: Sandbox, tmp_path: Path) -> Tap:
    """A tap that has been connected for ten minutes."""
    tap = tap_for(world, tmp_path)
    assert tap.run("--test").exit_code == 0
    _age(tap, world)
    return tap


def _age(tap: Tap, world: Sandbox) -> None:
    """Let ten minutes pass: for the server by its clock, for the tap by the ages in its store."""
    world.control.advance_clock(601)
    store = Path(tap.config["store"])
    document = json.loads(store.read_bytes())
    document["access_issued"] -= 601
    store.write_text(json.dumps(document))
    store.chmod(0o600)


def _let_the_trouble_end(tap: Tap) -> None:
    """Let the time pass after which a token may go out for the last time."""
    store = Path(tap.config["store"])
    document = json.loads(store.read_bytes())
    document["again"] -= 3000
    store.write_text(json.dumps(document))


def _most_posts_of_one_token(world: Sandbox) -> int:
    return int(max(world.control.tokens()["attempts"].values()))


@pytest.mark.parametrize("point", POINTS)
def test_killed_by_itself(world: Sandbox, tap: Tap, point: str) -> None:
    killed = capture("dying tap", [point, *tap.command("--test")[len(COMMAND) :]]).end()
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    lost = point == "after the answer"  # what was written and not renamed is found
    for _ in range(3):
        run = tap.run("--test")
        if lost:
            assert run.exit_code == 3, run.log
            assert how_to("login") in run.log
            assert "Old refresh token used" in run.log
        else:
            assert run.exit_code == 0, run.log
    assert _most_posts_of_one_token(world) <= 2
    assert list(tap.folder.glob(".store.json.*")) == [] or lost


@pytest.mark.parametrize("acted", [False, True], ids=["before the server acted", "after the server acted"])
def test_killed_while_the_answer_was_awaited(world: Sandbox, tap: Tap, acted: bool) -> None:  # noqa: FBT001
    world.control.fault("delay", path="token", seconds=30, act=acted)
    posts = world.control.stats()["tokens"]["calls"]
    started = tap.start("--test")
    until(lambda: any(rule["seen"] for rule in world.control.faults()), started.process)
    started.process.kill()
    started.end(30)
    assert world.control.stats()["tokens"]["calls"] >= posts
    world.control.clear_faults()
    for _ in range(3):
        run = tap.run("--test")
        assert run.exit_code in {0, 3}, run.log
        if run.exit_code == 3:
            assert how_to("login") in run.log
    assert _most_posts_of_one_token(world) <= 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_waits_until_the_token_is_kept(world: Sandbox, tap: Tap, how: signal.Signals) -> None:
    world.control.fault("delay", path="token", seconds=1.5, act=True)
    started = tap.start("--test")
    until(lambda: any(rule["seen"] for rule in world.control.faults()), started.process)
    started.process.send_signal(how)
    assert started.end(30).returncode == 128 + how
    run = tap.run("--test")
    assert run.exit_code == 0, run.log
    assert _most_posts_of_one_token(world) == 1


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [
        pytest.param({"action": "reset_before"}, True, id="reset before the server acted"),
        pytest.param({"action": "reset_after"}, False, id="reset after the server acted"),
        pytest.param({"action": "empty", "act": True}, False, id="empty 200 after the server acted"),
        pytest.param({"action": "empty"}, True, id="empty 200"),
        pytest.param({"action": "status", "status": 503}, True, id="503"),
        pytest.param(
            {"action": "status", "status": 504, "act": True}, False, id="504 after the server acted"
        ),
        pytest.param({"action": "status", "status": 504}, True, id="504"),
    ],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_an_answer_that_is_lost(
    start_sandbox: StartSandbox,
    tmp_path: Path,
    fault: dict[str, object],
    goes_on: bool,  # noqa: FBT001
    tls: bool,  # noqa: FBT001
) -> None:
    world = start_sandbox(rows=0, tls=tls)
    env = {"REQUESTS_CA_BUNDLE": world.ca_file} if world.ca_file else {}
    tap = tap_for(world, tmp_path)
    tap.config["maintenance_minutes"] = 0  # what has to wait is left to the next run
    assert tap.run("--test", env=env).exit_code == 0
    _age(tap, world)
    posts = world.control.stats()["tokens"]["calls"]
    world.control.fault(
        str(fault["action"]), path="token", **{k: v for k, v in fault.items() if k != "action"}
    )
    if fault.get("status") != 503:
        for _ in range(2):  # the second one is in the same outage: it sends nothing
            run = tap.run("--test", env=env)
            assert run.exit_code == 1, run.log
            assert "It goes out once more, for the last time, not before" in run.log
        assert world.control.stats()["tokens"]["calls"] <= posts + 1
        _let_the_trouble_end(tap)
    run = tap.run("--test", env=env)
    assert run.exit_code == (0 if goes_on else 3), run.log
    assert "Traceback" not in run.log
    if not goes_on:
        assert how_to("login") in run.log
        assert tap.run("--test", env=env).exit_code == 3
    assert _most_posts_of_one_token(world) <= 2
