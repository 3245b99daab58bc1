"""Login over a real sandbox: every way in which it ends, its message and its exit code. Nothing secret is ever shown."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import PUBLIC
from tests.cli.program import Program, free_port, state_in
from tests.conftest import StartSandbox
from tests.singer import Tap

ARGS = ("login", "--code-url=-", "--redirect-uri", PUBLIC)


# --- It works ------------------------------------------------------------------------------------------------


def test_through_a_pipe(program: Program) -> None:
    with program.start(*ARGS) as login:
        back = program.consent(login.url())
        assert "%21" in back  # the code holds a `!`, which has to be decoded once
        login.type(back)
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    assert f"the connection is kept in {program.store}" in ended.out
    assert "ends any other connection that the same user has" in ended.out
    assert "Within three minutes" in ended.out
    assert f"Connected. The connection is stored in {program.store}." in ended.out
    assert "alive for 30 days without a run" in ended.out
    assert "2 divisions are granted to this app:\n  1000001  De Gouden Molen 2\n" in ended.out
    stored = program.stored
    current = program.sandbox.control.tokens(program.user)
    assert stored["refresh_token"] == current["refresh_token"]
    assert stored["access_token"]
    assert stored["rotated_by"].startswith(socket.gethostname())  # type: ignore[attr-defined]
    assert program.store.stat().st_mode & 0o777 == 0o600


def test_the_tap_goes_on_from_there(program: Program) -> None:
    assert program.login().exit_code == 0
    tap = Tap(program.folder, program.settings)
    assert tap.run("--test").exit_code == 0
    assert program.sandbox.control.tokens(program.user)["refresh_token"] == program.stored["refresh_token"]


def test_an_old_seed_in_the_settings_does_not_replace_the_new_connection(program: Program) -> None:
    program.settings["refresh_token"] = "an-old-seed-hunter2"
    assert program.login().exit_code == 0
    assert Tap(program.folder, program.settings).run("--test").exit_code == 0


def test_a_seed_that_only_another_machine_has_stays_used(program: Program) -> None:
    program.settings["refresh_token"] = "an-old-seed-hunter2"
    assert program.login().exit_code == 0
    seed = program.settings.pop("refresh_token")
    assert program.login(yes=True).exit_code == 0
    program.settings["refresh_token"] = seed
    assert Tap(program.folder, program.settings).run("--test").exit_code == 0


def test_in_two_steps(program: Program) -> None:
    first = program.run("login", "--print-url", "--redirect-uri", PUBLIC)
    assert first.exit_code == 0, first.err
    assert first.out.strip() == first.url
    back = program.consent(first.url)
    options = ("login", "--redirect-uri", PUBLIC, "--code-url", back)
    without = program.run(*options)
    assert without.exit_code == 2
    assert "--code-url needs the --state" in without.err
    short = program.run(*options, "--state", "short")
    assert short.exit_code == 2
    assert "too short to be safe" in short.err
    wrong = program.run(*options, "--state", "x" * 43)
    assert wrong.exit_code == 3
    assert "`state` is not the one" in wrong.err
    seen = program.run(*options, "--state", state_in(first.url))
    assert seen.exit_code == 0
    assert "every user of this machine could read it" in seen.err
    assert program.run("status").exit_code == 0


def test_settings_from_a_file_and_the_redirect_uri_from_the_environment(program: Program) -> None:
    config = program.folder / "config.json"
    config.write_text(json.dumps({**program.settings, "divisions": [1000001]}))
    program.settings = {name: value for name, value in program.settings.items() if name == "client_secret"}
    env = {"EXACT_ONLINE_REDIRECT_URI": PUBLIC}
    with program.start("login", "--code-url=-", "--config", str(config), env=env) as login:
        login.type(program.consent(login.url()))
        assert program.checked(login).exit_code == 0
    assert (program.folder / "store.json").exists()


def test_over_tls(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    program = Program(start_sandbox(tls=True, rows=10), tmp_path, "a person")
    assert program.sandbox.base_url.startswith("https:")
    assert program.sandbox.ca_file
    with program.start(*ARGS) as login:
        login.type(program.consent(login.url()))
        ended = program.checked(login)
    assert ended.exit_code == 1
    assert "the server's certificate is not accepted" in ended.err
    with program.start(*ARGS, env={"REQUESTS_CA_BUNDLE": program.sandbox.ca_file}) as login:
        login.type(program.consent(login.url()))
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err


# --- It does not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        pytest.param(
            f"{PUBLIC}?code=hunter2&state=anothers", 3, "belongs to another login", id="wrong state"
        ),
        pytest.param(f"{PUBLIC}?code=hunter2", 3, "belongs to another login", id="no state"),
        pytest.param("stampNL001.hunter2", 2, "A code alone is not taken", id="a bare code"),
        pytest.param(f"{PUBLIC}?error=access_denied", 3, "Access was denied", id="denied"),
    ],
)
def test_an_answer_that_is_none(program: Program, answer: str, code: int, says: str) -> None:
    with program.start(*ARGS) as login:
        login.url()
        login.type(answer)
        ended = program.checked(login)
    assert ended.exit_code == code
    assert says in ended.err
    assert "hunter2" not in ended.out + ended.err
    assert not program.store.exists()


def test_denied_on_the_page(program: Program) -> None:
    with program.start(*ARGS) as login:
        login.type(program.consent(login.url(), "deny"))
        ended = program.checked(login)
    assert ended.exit_code == 3
    assert "Access was denied on Exact's page" in ended.err


def test_a_code_that_was_used_before(program: Program) -> None:
    with program.start(*ARGS) as login:
        back = program.consent(login.url())
        login.type(back)
        assert program.checked(login).exit_code == 0
    with program.start(*ARGS, "--yes") as again:
        again.type(f"{back.partition('&state=')[0]}&state={state_in(again.url())}")
        ended = program.checked(again)
    assert ended.exit_code == 3
    assert "works once and for three minutes" in ended.err
    assert "chainId" in ended.err


def test_a_code_that_is_too_old(program: Program) -> None:
    with program.start(*ARGS) as login:
        back = program.consent(login.url())
        program.sandbox.control.advance_clock(181)
        login.type(back)
        ended = program.checked(login)
    assert ended.exit_code == 3
    assert "works once and for three minutes" in ended.err
    assert not program.store.exists()


def test_a_wrong_client(program: Program) -> None:
    program.settings["client_secret"] = "a-secret-hunter2"
    ended = program.login()
    assert ended.exit_code == 2
    assert "check `client_id`, `client_secret` and `region`" in ended.err


def test_a_wrong_redirect_uri(program: Program) -> None:
    other = f"{PUBLIC}/"
    with program.start("login", "--code-url=-", "--redirect-uri", other) as login:
        login.type(program.consent(login.url(), redirect_uri=PUBLIC))
        ended = program.checked(login)
    assert ended.exit_code == 2
    assert "The redirect URI is not the one" in ended.err


def test_no_divisions(program: Program) -> None:
    for division in program.sandbox.control.divisions():
        program.sandbox.control.withdraw_division(division["Code"])
    ended = program.login()
    assert ended.exit_code == 2
    assert "Connected." in ended.out
    assert "tick the companies to read under Manage companies" in ended.err or "is not granted" in ended.err
    assert "Manage companies (user menu > My Exact Online" in ended.err
    assert program.run("status").exit_code == 0


def test_divisions_that_may_not_be_read(program: Program) -> None:
    program.sandbox.control.forbid("system/Divisions")
    ended = program.login()
    assert ended.exit_code == 1
    assert "Connected." in ended.out
    assert "system/Divisions" in ended.err


def test_nothing_answers(program: Program) -> None:
    with program.start(*ARGS, "--base-url", f"http://127.0.0.1:{free_port()}") as login:
        login.type(f"{PUBLIC}?code=x&state={state_in(login.url())}")
        ended = program.checked(login)
    assert ended.exit_code == 1
    assert "Cannot reach" in ended.err
    assert "nothing answers at this address" in ended.err


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        pytest.param({"action": "reset_after"}, 3, "it was not sent again", id="answer lost"),
        pytest.param({"action": "empty", "act": True}, 3, "it was not sent again", id="an empty answer"),
        pytest.param({"action": "status", "status": 503}, 1, "out of order (503", id="out of order"),
    ],
)
def test_a_code_without_an_answer_goes_out_once(
    program: Program, fault: dict[str, object], code: int, says: str
) -> None:
    control = program.sandbox.control
    control.fault(path="token", **fault)  # type: ignore[arg-type]
    before = control.stats()["tokens"]["code_grants"]
    ended = program.login()
    assert ended.exit_code == code
    assert says in ended.err
    assert control.faults()[0]["seen"] == 1
    assert control.stats()["tokens"]["code_grants"] - before == int(
        "act" in fault or fault["action"] == "reset_after"
    )
    assert not program.store.exists()


def test_nobody_comes(program: Program) -> None:
    with program.start(*ARGS, "--timeout", "0.2") as login:
        ended = program.checked(login)
    assert ended.exit_code == 3
    assert "No answer came in time" in ended.err


def test_the_pipe_ends(program: Program) -> None:
    ended = program.run(*ARGS)
    assert ended.exit_code == 3
    assert "Standard input ended without an answer" in ended.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(("login",), "The redirect URI is missing", id="no redirect URI"),
        pytest.param(("login", "--redirect-uri", "callback"), "The redirect URI", id="no address"),
        pytest.param(("login", "--redirect-uri", PUBLIC), "Use --code-url -", id="no terminal"),
        pytest.param((*ARGS, "--region", "xx"), "`region`: 'xx'", id="region"),
        pytest.param((*ARGS, "--base-url", "x"), "`base_url`", id="base_url"),
        pytest.param((*ARGS, "--store", "ftp://x"), "`store`", id="store"),
        pytest.param((*ARGS, "--config", "nowhere.json"), "nowhere.json cannot be read", id="config"),
    ],
)
def test_what_cannot_be_used(program: Program, options: tuple[str, ...], says: str) -> None:
    ended = program.run(*options)
    assert ended.exit_code == 2
    assert says in ended.err
    assert "/api/oauth2/auth" not in ended.out


# --- The store -----------------------------------------------------------------------------------------------


def test_a_store_that_takes_nothing_is_found_before_the_question(program: Program) -> None:
    (program.folder / "file").write_text("")
    program.settings["store"] = str(program.folder / "file" / "store.json")
    ended = program.run(*ARGS)
    assert ended.exit_code == 2
    assert f"The token store {program.store} cannot be" in ended.err
    assert "/api/oauth2/auth" not in ended.out


def test_a_store_of_another_app_is_left_alone(program: Program) -> None:
    assert program.login().exit_code == 0
    before = program.store.read_bytes()
    program.settings["client_id"] = "another"
    for options in (ARGS, (*ARGS, "--yes"), ("status",), ("logout", "--yes")):
        ended = program.run(*options)
        assert ended.exit_code == 2
        assert "belongs to another client id or region" in ended.err
    assert program.store.read_bytes() == before


def test_trying_an_empty_store_leaves_nothing_behind(program: Program) -> None:
    assert program.run("login", "--print-url", "--redirect-uri", PUBLIC).exit_code == 0
    assert not program.store.exists()


def test_a_second_login_has_to_be_wanted(program: Program) -> None:
    assert program.login().exit_code == 0
    before = program.stored
    ended = program.run(*ARGS)
    assert ended.exit_code == 2
    assert "There is a connection in" in ended.err
    assert "ends it at once" in ended.err
    assert "add --yes" in ended.err
    assert "/api/oauth2/auth" not in ended.out
    assert program.stored == before
    assert program.login(yes=True).exit_code == 0
    assert program.stored["refresh_token"] != before["refresh_token"]


def test_a_login_that_breaks_off_keeps_what_was_there(program: Program) -> None:
    assert program.login().exit_code == 0
    before = program.stored
    with program.start(*ARGS, "--yes") as login:
        login.type(program.consent(login.url(), "deny"))
        assert program.checked(login).exit_code == 3
    assert program.stored == before


def test_a_connection_that_has_lapsed_needs_no_second_thought(program: Program) -> None:
    assert program.login().exit_code == 0
    stored = program.stored
    program.store.write_text(json.dumps({**stored, "refresh_issued": 0.0}))
    program.store.chmod(0o600)
    assert program.login().exit_code == 0
