"""The consent page and the token endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, quote

from tap_exact_online.sandbox import tokens
from tap_exact_online.sandbox.answers import Answer
from tap_exact_online.sandbox.options import USER
from tap_exact_online.sandbox.service import Service

FORM = "application/x-www-form-urlencoded"
_JSON = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_STYLE = "body{font:16px sans-serif;max-width:32em;margin:4em auto}button{font:inherit;padding:.4em 1.2em;margin-right:1em}"


def _page(title: str, body: str) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>{body}</body></html>"
    ).encode()


def _refusal(service: Service, given: Mapping[str, str]) -> str | None:
    """Return why a consent request is refused, or None."""
    if given.get("client_id") != service.client_id:
        return "There is no app registration with this client_id."
    if given.get("redirect_uri") != service.options.redirect_uri:
        return f"The redirect_uri is not exactly the registered one, {service.options.redirect_uri}."
    if given.get("response_type") != "code":
        return "The response_type must be code."
    if "scope" in given:
        return "There is no scope parameter: scopes are set on the app registration."
    return None


def ask(service: Service, given: Mapping[str, str]) -> Answer:
    """Show the consent page, or what is wrong with the request. A wrong request is never redirected."""
    refusal = _refusal(service, given)
    if refusal is not None:
        return Answer(400, _HTML, _page("Something is wrong", f"<p>{escape(refusal)}</p>"))
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in given.items()
        if name in {"client_id", "redirect_uri", "response_type", "state"}
    )
    kind, shown = ("text", "<p>Sign in as:</p>") if given.get("force_login") == "1" else ("hidden", "")
    user = f'{shown}<input type="{kind}" name="user" value="{USER}">'
    buttons = '<p><button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></p>'
    question = "<p>The app asks to read your companies. This is a sandbox: no real data is behind it.</p>"
    form = f'{question}<form method="post" action="/api/oauth2/auth">{hidden}{user}{buttons}</form>'
    return Answer(200, _HTML, _page("Exact Online sandbox", form))


def decide(service: Service, given: Mapping[str, str]) -> Answer:
    """Take the user's answer and send the browser back to the app."""
    refusal = _refusal(service, given)
    if refusal is not None:
        return Answer(400, _HTML, _page("Something is wrong", f"<p>{escape(refusal)}</p>"))
    if given.get("answer") == "allow":
        code = service.tokens.code(given.get("user", USER), given["redirect_uri"], service.clock.now())
        result = f"code={quote(code, safe='')}"  # encoded once: the `!` arrives as %21
    else:
        result = "error=access_denied"
    state = f"&state={quote(given['state'], safe='')}" if "state" in given else ""
    mark = "&" if "?" in given["redirect_uri"] else "?"
    return Answer(302, (("Location", f"{given['redirect_uri']}{mark}{result}{state}"),), b"")


def form_of(body: bytes) -> dict[str, str]:
    """Read a form-encoded body; one that is not UTF-8 holds nothing."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        return {}


def token(service: Service, content_type: str, body: bytes) -> Answer:
    """Answer a token call."""
    answer = _redeem(service, content_type, body)
    return Answer(answer.status, (*_JSON, *answer.headers), answer.body)


def _redeem(service: Service, content_type: str, body: bytes) -> Answer:  # noqa: PLR0911 - one for each case of the protocol
    if content_type.split(";", 1)[0].strip().lower() != FORM:
        return tokens.BAD_REQUEST
    given, now = form_of(body), service.clock.now()
    if (given.get("client_id"), given.get("client_secret")) != (service.client_id, service.client_secret):
        return tokens.WRONG_CLIENT[service.options.wrong_client]
    kind = given.get("grant_type")
    if kind == "authorization_code":
        if "code" not in given or "redirect_uri" not in given:
            return tokens.BAD_REQUEST
        answer = service.tokens.redeem_code(given["code"], given["redirect_uri"], now, service.options)
        service.stats.code_grants += answer.status == 200  # noqa: PLR2004 - OK
        return answer
    if kind != "refresh_token":
        return tokens.BAD_GRANT_TYPE
    if "refresh_token" not in given:
        return tokens.BAD_REQUEST
    answer = service.tokens.redeem_refresh(given["refresh_token"], now, service.options)
    service.stats.redemptions += answer.status == 200  # noqa: PLR2004 - OK
    service.stats.reuses += answer is tokens.OLD_TOKEN
    return answer
