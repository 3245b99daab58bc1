"""A plain client of the sandbox, with nothing of the tap in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tap_exact_online import edm
from tests.conftest import Sandbox


@dataclass
class Client:
    """Calls a sandbox as one app and user would."""

    sandbox: Sandbox
    refresh_token: str
    access_token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def token(self, **form: str) -> requests.Response:
        """Call the token endpoint with the app's credentials and the fields given."""
        known = {"client_id": self.sandbox.client_id, "client_secret": self.sandbox.client_secret}
        return self.session.post(f"{self.sandbox.base_url}/api/oauth2/token", data=known | form, timeout=10)

    def refresh(self, token: str | None = None) -> requests.Response:
        """Refresh, and keep what comes back."""
        answer = self.token(grant_type="refresh_token", refresh_token=token or self.refresh_token)
        if answer.status_code == 200 and answer.content:
            self.access_token, self.refresh_token = (
                answer.json()["access_token"],
                answer.json()["refresh_token"],
            )
        return answer

    def url(self, path: str, division: int | None = None) -> str:
        """Return the address of an endpoint."""
        known = path in {*edm.paths()}
        front = "beta/" if known and edm.load(path).form == "beta" else ""
        return f"{self.sandbox.base_url}/api/v1/{front}{'' if division is None else f'{division}/'}{path}"

    def get(self, path: str, division: int | None = None, **query: str) -> requests.Response:
        """Call an endpoint; `select=` stands for `$select=`."""
        return self.fetch(self.url(path, division), {f"${name}": value for name, value in query.items()})

    def fetch(
        self, url: str, params: dict[str, str] | None = None, accept: str = "application/json"
    ) -> requests.Response:
        """Call an address as it is."""
        headers = {"Authorization": f"Bearer {self.access_token}", "Accept": accept}
        return self.session.get(url, params=params, headers=headers, timeout=10)

    def pages(self, path: str, division: int, **query: str) -> list[list[dict[str, Any]]]:
        """Read all pages of an endpoint."""
        found, answer = [], self.get(path, division, **query)
        while True:
            assert answer.status_code == 200, answer.text
            rows, link = page(answer)
            found.append(rows)
            if link is None:
                return found
            answer = self.fetch(link)

    def rows(self, path: str, division: int, **query: str) -> list[dict[str, Any]]:
        """Read all rows of an endpoint."""
        return [row for rows in self.pages(path, division, **query) for row in rows]


def page(answer: requests.Response) -> tuple[list[dict[str, Any]], str | None]:
    """Return the rows and the next link of a page, in whichever envelope."""
    content = answer.json()["d"]
    if isinstance(content, list):
        return content, None
    return (content["results"], content.get("__next")) if "results" in content else ([content], None)


def message(answer: requests.Response) -> str:
    """Return what an error body says."""
    text: str = answer.json()["error"]["message"]["value"]
    return text
