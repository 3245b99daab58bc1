"""One exchange with the token endpoint: a single POST, and whether it may have taken effect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests

from tap_exact_online.auth.responses import TokenAnswer, Verdict, classify
from tap_exact_online.errors import ConfigurationError, Unreachable
from tap_exact_online.spoken import keep_secret, unstopped
from tap_exact_online.wire import Adapter, Session, explain, intake, redirected, unfit

_log = logging.getLogger("tap-exact-online.auth")

WITHIN = 60.0
"""Seconds from the first byte of a token request to the last one of its answer."""

CONNECT = 10.0
"""Seconds that one address of the server has to accept a connection, and as many for the encryption."""
_TIMEOUT = (CONNECT, WITHIN)
_CONNECT_WAITS = (1.0, 2.0)

LONGEST = 3 * (2 * CONNECT + CONNECT) + sum(_CONNECT_WAITS) + WITHIN
"""Seconds that an exchange takes at most where the server has two addresses: three times to connect to both, with the
encryption, and the answer. Lock timeouts are more than this; the lease begins with the announcement, which comes after
the connection."""


def _nothing() -> None:
    """Do nothing before a request goes out."""


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

    def refresh(self, refresh_token: str, announce: Callable[[], None] = _nothing) -> TokenAnswer:
        """Spend a refresh token.

        To connect is a step of its own: through the proxy, encrypted, the certificate accepted. It is tried again, for
        nothing was sent yet. Then comes `announce`, and then the POST, once.

        Args:
            refresh_token: The token.
            announce: Called when the connection stands and before anything goes out. What it raises ends the exchange.

        Returns:
            What the server said; `LOST` where no answer came back.

        Raises:
            Unreachable: No connection could be made, so the token is unspent and unannounced.
            ConfigurationError: The server sends elsewhere, so it is not Exact's, or a proxy does not let it through.
        """
        return self._post({"grant_type": "refresh_token", "refresh_token": refresh_token}, announce)

    def authorize(self, code: str, redirect_uri: str, announce: Callable[[], None] = _nothing) -> TokenAnswer:
        """Exchange the code of a consent.

        Args:
            code: The code, decoded.
            redirect_uri: The one that the consent was asked for with.
            announce: As for `refresh`.

        Returns:
            What the server said; `LOST` where no answer came back.

        Raises:
            Unreachable: No connection could be made, so the code is unspent.
            ConfigurationError: As for `refresh`.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._post(form, announce)

    def _post(self, form: Mapping[str, str], announce: Callable[[], None]) -> TokenAnswer:
        keep_secret(self.client_secret, form.get("refresh_token"), form.get("code"))
        for wait in (*_CONNECT_WAITS, None):
            try:
                return self._posted(form, announce)
            except Unreachable:
                if wait is None:
                    raise
                _log.warning("Cannot reach %s, trying again in %g s", self.base_url, wait)
                self.sleep(wait)
        raise AssertionError  # the last wait is None

    def _posted(self, form: Mapping[str, str], announce: Callable[[], None]) -> TokenAnswer:
        """Connect and send, once."""
        url = f"{self.base_url}/api/oauth2/token"
        secrets = {"client_id": self.client_id, "client_secret": self.client_secret}
        adapter = Adapter(WITHIN, announce)
        # A session of its own: a pooled connection that died unnoticed would leave open what was sent.
        with Session() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, adapter)
            try:
                answer = session.post(
                    url,
                    data={**secrets, **form},
                    headers={"Accept": "application/json", "Accept-Encoding": intake.ENCODINGS},
                    auth=_no_netrc,
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                )
                # Byte by byte: what came before a connection breaks may be the tokens.
                taken = intake.take(answer, intake.TOKENS, at_once=1)
            except requests.RequestException as error:
                if adapter.written:
                    return TokenAnswer(Verdict.LOST, explain(error))
                raise self._unsent(error, url) from None
            except OSError as error:  # requests finds no certificates where REQUESTS_CA_BUNDLE points
                if adapter.written:
                    return TokenAnswer(Verdict.LOST, "the connection broke before the answer was complete")
                msg = f"No request can be made: {error}"
                raise ConfigurationError(msg) from None
        if answer.is_redirect:
            raise ConfigurationError(redirected(answer.headers.get("Location", "")))
        token = classify(answer.status_code, taken.body, taken.trouble)
        keep_secret(token.access_token, token.refresh_token)
        return token

    def _unsent(self, error: requests.RequestException, url: str) -> ConfigurationError | Unreachable:
        """Say why nothing went out."""
        proxies = requests.utils.get_environ_proxies(url)
        return unfit(error, proxies, url) or Unreachable(
            f"Cannot reach {self.base_url}: {unstopped(explain(error))}. Check the network and the settings `region` and"
            " `base_url`. Nothing was spent."
        )


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no Authorization header: requests would otherwise add one from a .netrc file."""
    return request
