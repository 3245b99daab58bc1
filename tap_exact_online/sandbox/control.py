"""A client for the sandbox's control API, for tests, the demo and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import requests

from tap_exact_online.sandbox.options import USER

Row = dict[str, Any]


class ControlError(Exception):
    """The sandbox refused a command; the message says why."""


class Control:
    """Commands for a running sandbox.

    Args:
        base_url: Where it listens.
        verify: The certificate authority to trust, as `requests` takes it.
    """

    def __init__(self, base_url: str, verify: str | bool = True) -> None:  # noqa: FBT001, FBT002 - as in requests
        self._base = base_url.rstrip("/") + "/_sandbox/"
        self._session = requests.Session()
        self._session.trust_env = (
            False  # a proxy or a certificate bundle of the environment is not for this server
        )
        self._verify = verify

    def run(self, command: str, **arguments: Any) -> Any:
        """Carry out any command by its name.

        Raises:
            ControlError: The command does not exist or its arguments make no sense.
        """
        answer = self._session.post(self._base + command, json=arguments, timeout=60, verify=self._verify)
        result = answer.json()
        if not answer.ok:
            raise ControlError(result["error"])
        return result

    # the truth

    def iter_rows(self, division: int, path: str) -> Iterator[Row]:
        """Yield all rows of an endpoint as neutral data: naive ISO wall clock, int64 as int, strings as stored."""
        offset: int | None = 0
        while offset is not None:
            part = self.run("rows", division=division, path=path, offset=offset)
            yield from part["rows"]
            offset = part["next"]

    def rows(self, division: int, path: str) -> list[Row]:
        """Return all rows of an endpoint; see `iter_rows`."""
        return list(self.iter_rows(division, path))

    def count(self, division: int, path: str) -> int:
        """Return how many rows an endpoint has."""
        return int(self.run("count", division=division, path=path))

    # changes

    def add(self, division: int, path: str, count: int = 1) -> list[Any]:
        """Add rows and return their identities."""
        return list(self.run("add", division=division, path=path, count=count))

    def change(
        self, division: int, path: str, count: int | None = None, ids: Sequence[Any] | None = None
    ) -> list[Any]:
        """Change rows, the first `count` or those named, and return their identities."""
        return list(self.run("change", division=division, path=path, count=count, ids=ids))

    def delete(  # noqa: PLR0913 - what a test may want to say about a delete
        self,
        division: int,
        path: str,
        count: int | None = None,
        ids: Sequence[Any] | None = None,
        entity_type: int | None = None,
        *,
        logged: bool = True,
    ) -> list[Any]:
        """Delete rows and return their identities; `sync/Deleted` tells of it unless `logged` is false."""
        return list(
            self.run(
                "delete",
                division=division,
                path=path,
                count=count,
                ids=ids,
                entity_type=entity_type,
                logged=logged,
            )
        )

    def delete_entry(self, division: int, entry: str) -> dict[str, list[Any]]:
        """Delete a whole entry by its `EntryID`, and return the identities of what is gone, by path.

        It goes wherever it is shown, with its payment terms; `sync/Deleted` tells of each row. What it settled is open again.
        """
        return dict(self.run("delete_entry", division=division, entry=entry))

    def set_row(self, division: int, path: str, row: Row) -> Any:
        """Place a hand-made row and return its identity; properties it leaves out are made up."""
        return self.run("set_row", division=division, path=path, row=row)[0]

    def begin(self, division: int, path: str) -> int:
        """Reserve a row version for a row that nobody sees yet; return the handle, which is that version."""
        return int(self.run("begin", division=division, path=path)["handle"])

    def commit(self, division: int, handle: int) -> Any:
        """Let a reserved row appear with its low version, and return its identity."""
        return self.run("commit", division=division, handle=handle)[0]

    # divisions and rights

    def divisions(self) -> list[Row]:
        """Return all divisions, also withdrawn ones; `granted` tells which are listed."""
        return list(self.run("divisions"))

    def add_division(self, code: int | None = None) -> int:
        """Make a division and return its code."""
        return int(self.run("add_division", code=code))

    def withdraw_division(self, division: int) -> None:
        """Untick a division under Manage companies."""
        self.run("withdraw_division", division=division)

    def grant_division(self, division: int) -> None:
        """Tick it again."""
        self.run("grant_division", division=division)

    def block_division(self, division: int) -> None:
        """Block a division: its `BlockingStatus` is 1 and it answers 403."""
        self.run("block_division", division=division)

    def unblock_division(self, division: int) -> None:
        """Undo `block_division`."""
        self.run("unblock_division", division=division)

    def archive_division(self, division: int) -> None:
        """Archive a division: its `Status` is 2."""
        self.run("archive_division", division=division)

    def move_division(self, division: int) -> None:
        """Move a division to another database: `DivisionMoveDate` is now, all its row versions are new."""
        self.run("move_division", division=division)

    def hr_link_division(self, division: int) -> None:
        """Link a division to HR: `DivisionHRLinkUnlinkDate` is now, all its row versions are new."""
        self.run("hr_link_division", division=division)

    def open_division(self, division: int) -> None:
        """Let `CurrentDivision` be this one."""
        self.run("open_division", division=division)

    def forbid(
        self,
        path: str = "",
        division: int | None = None,
        reason: str = "",
        scope: str = "",
        *,
        silent: bool = False,
    ) -> None:
        """Take a right away: of a path (`*`: all), or of all endpoints of a scope; a `reason` makes it a user's right.

        Without a `silent` right the endpoint is empty instead of forbidden.
        """
        self.run("forbid", path=path, division=division, reason=reason, scope=scope, silent=silent)

    def allow(self, path: str = "", division: int | None = None, scope: str = "") -> None:
        """Give rights back; without arguments, all."""
        self.run("allow", path=path, division=division, scope=scope)

    # failures

    def fault(self, action: str, **rule: Any) -> int:
        """Add a scripted failure and return its number; the rule's fields are those of `faults.Fault`."""
        return int(self.run("add_fault", action=action, **rule))

    def faults(self) -> list[Row]:
        """Return the scripted failures, with `seen` and `fired`."""
        return list(self.run("faults"))

    def clear_faults(self) -> None:
        """Remove all scripted failures."""
        self.run("clear_faults")

    # tokens and time

    def new_login(self, user: str = USER) -> str:
        """Consent anew: return a fresh refresh token; the earlier chain of that user is dead, other users' are not."""
        return str(self.run("new_login", user=user))

    def expire_access(self) -> None:
        """Let every access token end now."""
        self.run("expire_access")

    def expire_refresh(self) -> None:
        """Let every refresh token have lapsed."""
        self.run("expire_refresh")

    def tokens(self, user: str = USER) -> Row:
        """Return `refresh_token` (the user's that works), and `redemptions` and `attempts` by token, of all users."""
        return dict(self.run("tokens", user=user))

    def now(self) -> float:
        """Return the sandbox's time, in seconds since the epoch."""
        return float(self.run("now"))

    def advance_clock(self, seconds: float) -> float:
        """Move the sandbox's time forward and return it."""
        return float(self.run("advance_clock", seconds=seconds))

    # settings and counters

    def options(self, **changes: Any) -> Row:
        """Change options while the sandbox runs, and return all of them."""
        return dict(self.run("options", **changes))

    def stats(self) -> Row:
        """Return what was asked and answered since the start or the last reset."""
        return dict(self.run("stats"))

    def asked(self) -> list[Row]:
        """Return the newest data calls: `division`, `path`, `filter`, and `query` as it was sent."""
        return list(self.run("asked"))

    def reset_stats(self) -> None:
        """Start counting anew."""
        self.run("reset_stats")

    def reset_limits(self) -> None:
        """Forget all counted calls, errors and blocks."""
        self.run("reset_limits")
