"""What was asked and answered, for tests and benchmarks to look at."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

_MOST_QUERIES = 5000


@dataclass(slots=True)
class Stats:
    """Counters since the start or the last reset.

    Attributes:
        calls: Data calls by division and endpoint; division "" for `current/Me`, endpoint as asked when unknown.
        statuses: Answers by status and endpoint; `token` stands for the token endpoint.
        bytes_sent: Bytes of bodies sent.
        token_calls: All token calls.
        redemptions: Refreshes that worked.
        code_grants: Authorization codes that were redeemed.
        reuses: Attempts with a refresh token that was replaced.
        in_flight: Data calls being answered now, by division.
        most_in_flight: The most at once, by division.
        most_overall: The most at once over all divisions.
        faults: Scripted failures that fired.
        queries: The newest data calls: division, endpoint and query string as it was sent.
    """

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[tuple[int, str]] = field(default_factory=Counter)
    bytes_sent: int = 0
    token_calls: int = 0
    redemptions: int = 0
    code_grants: int = 0
    reuses: int = 0
    in_flight: Counter[str] = field(default_factory=Counter)
    most_in_flight: Counter[str] = field(default_factory=Counter)
    most_overall: int = 0
    faults: int = 0
    queries: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=_MOST_QUERIES))

    def enter(self, division: str, endpoint: str, query: str = "") -> None:
        """Count a data call that arrived."""
        self.queries.append((division, endpoint, query))
        self.calls[division, endpoint] += 1
        self.in_flight[division] += 1
        self.most_in_flight[division] = max(self.most_in_flight[division], self.in_flight[division])
        self.most_overall = max(self.most_overall, self.in_flight.total())

    def leave(self, division: str) -> None:
        """Count a data call that was answered or broken off."""
        self.in_flight[division] -= 1
        if not self.in_flight[division]:
            del self.in_flight[division]  # all of them are added up with every call

    def report(self) -> dict[str, Any]:
        """Return all counters as JSON data."""
        by_endpoint: Counter[str] = Counter()
        by_division: Counter[str] = Counter()
        nested: dict[str, dict[str, int]] = {}
        for (division, endpoint), count in self.calls.items():
            by_endpoint[endpoint] += count
            by_division[division] += count
            nested.setdefault(division, {})[endpoint] = count
        errors: dict[str, dict[str, int]] = {}
        for (status, endpoint), count in self.statuses.items():
            if 400 <= status < 500:  # noqa: PLR2004 - the bounds of client errors
                errors.setdefault(str(status), {})[endpoint] = count
        return {
            "calls": self.calls.total(),
            "by_endpoint": dict(by_endpoint),
            "by_division": dict(by_division),
            "by_division_endpoint": nested,
            "most_in_flight": {"overall": self.most_overall, "by_division": dict(self.most_in_flight)},
            "tokens": {
                "calls": self.token_calls,
                "redemptions": self.redemptions,
                "code_grants": self.code_grants,
                "reuse_attempts": self.reuses,
            },
            "client_errors": errors,
            "too_many_requests": sum(count for (status, _), count in self.statuses.items() if status == 429),  # noqa: PLR2004 - Too Many Requests
            "server_errors": sum(count for (status, _), count in self.statuses.items() if status >= 500),  # noqa: PLR2004 - server errors
            "faults": self.faults,
            "bytes_sent": self.bytes_sent,
        }
