"""One exchange with the token endpoint: a single POST, and whether it may have taken effect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests

from tap_exact_online.auth.responses import TokenAnswer, Verdict, classify
from tap_exact_online.errors import ConfigurationError, Unreachable
from tap_exact_online.wire import explain, never_sent, redirected

_log = logging.getLogger("tap-exact-online.auth")

_TIMEOUT = (10.0, 60.0)
_CONNECT_WAITS = (1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The token endpoint of one app registration.

    Attributes:
        base_url: Scheme and host, without a slash at the end.
        client_id: The app's id.
        client_secret: The app's secret.
        sleep: Waits for a number of seconds.
    """

    base_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    sleep: Callable[[float], None]

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """Spend a refresh token.

        Connecting is tried again, for nothing was sent yet; once bytes went out the POST is never repeated here.

        Returns:
            What the server said; `LOST` where no answer came back.

        Raises:
            Unreachable: No connection could be made, so the token is unspent.
            ConfigurationError: The server sends elsewhere, so it is not Exact's.
        """
        return self._post({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def authorize(self, code: str, redirect_uri: str) -> TokenAnswer:
        """Exchange the code of a consent.

        Args:
            code: The code, decoded.
            redirect_uri: The one that the consent was asked for with.

        Returns:
            What the server said; `LOST` where no answer came back.

        Raises:
            Unreachable: No connection could be made, so the code is unspent.
        """
        return self._post({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})

    def _post(self, form: Mapping[str, str]) -> TokenAnswer:
        secrets = {"client_id": self.client_id, "client_secret": self.client_secret}
        url = f"{self.base_url}/api/oauth2/token"
        for wait in (*_CONNECT_WAITS, None):
            try:
                # A session of its own: a pooled connection that died unnoticed would leave open what was sent.
                with requests.Session() as session:
                    session.trust_env = True
                    answer = session.post(
                        url,
                        data={**secrets, **form},
                        headers={"Accept": "application/json"},
                        auth=_no_netrc,
                        timeout=_TIMEOUT,
                        allow_redirects=False,
                    )
            except requests.RequestException as error:
                if not never_sent(error):
                    return TokenAnswer(Verdict.LOST, explain(error))
                if wait is None:
                    msg = (
                        f"Cannot reach {self.base_url}: {explain(error)}. Check the network and the"
                        " settings `region` and `base_url`. Nothing was spent."
                    )
                    raise Unreachable(msg) from None
                _log.warning("Cannot reach %s, trying again in %g s", self.base_url, wait)
                self.sleep(wait)
            except OSError as error:  # requests finds no certificates where REQUESTS_CA_BUNDLE points
                msg = f"No request can be made: {error}"
                raise ConfigurationError(msg) from None
            else:
                if answer.is_redirect:
                    raise ConfigurationError(redirected(answer.headers.get("Location", "")))
                return classify(answer.status_code, answer.content)
        raise AssertionError  # the last wait is None


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no Authorization header: requests would otherwise add one from a .netrc file."""
    return request
