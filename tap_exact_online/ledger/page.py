"""The certificate as a page: one file that needs nothing from elsewhere, to be looked at, printed, kept or sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from tap_exact_online.ledger import explained
from tap_exact_online.ledger.certificate import (
    Certificate,
    Spot,
    Verdict,
    Witness,
    Year,
    age,
    by_account,
)
from tap_exact_online.spoken import spoken
from tap_exact_online.telling import words

_MARKS = {
    Verdict.COMPLETE: "&#10003;",
    Verdict.MOVING: "&#8635;",
    Verdict.DIFFERENT: "&#10007;",
    Verdict.NOT_READ: "?",
}
_LIGHT = (
    "--paper:#fff;--ink:#1b1f24;--quiet:#57606a;--line:#d0d7de;--shade:#f6f8fa;"
    "--complete:#18794e;--moving:#0b60a8;--different:#c62a2f;--not-read:#845600"
)
_DARK = (
    "--paper:#14171a;--ink:#e8eaed;--quiet:#a5adb5;--line:#3a4047;--shade:#1d2125;"
    "--complete:#4cc38a;--moving:#70b8ff;--different:#ff9592;--not-read:#ffca16"
)
_STYLE = (
    f":root{{color-scheme:light dark;{_LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:76em;margin:0 auto;padding:2em 1.5em 4em}"
    "h1{font-size:1.7em;line-height:1.2;margin:0 0 .4em}h2{font-size:1.25em;margin:2.2em 0 .5em}h3{font-size:1em;margin:1.4em 0 .3em}"
    "p{margin:.4em 0;max-width:46em}.quiet{color:var(--quiet)}"
    ".stamp{display:inline-flex;gap:.5em;align-items:center;font-size:1.2em;font-weight:600;border:.14em solid;border-radius:.4em;"
    "padding:.2em .8em;margin:.3em 0}.badge{font-weight:600;white-space:nowrap}"
    ".complete{color:var(--complete)}.moving{color:var(--moving)}.different{color:var(--different)}.not-read{color:var(--not-read)}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--quiet);padding:.2em 0 .5em}th,td{text-align:left;vertical-align:top;padding:.4em .7em;"
    "border-bottom:1px solid var(--line)}thead th{color:var(--quiet);font-weight:600;font-size:.88em}tbody th{font-weight:500}"
    ".number{text-align:right;white-space:nowrap}.bar{display:block;height:.25em;border-radius:.2em;background:var(--line);margin-top:.3em;"
    "min-width:6em}.bar i{display:block;height:100%;border-radius:.2em;background:currentColor}"
    ".facts{display:flex;flex-wrap:wrap;gap:.3em 2em;margin:.6em 0;padding:0;list-style:none}.facts b{font-weight:600}"
    "dt{font-weight:600}dd{margin:0 0 .6em}a{color:inherit}footer{margin-top:3em;border-top:1px solid var(--line);padding-top:1em;"
    "font-size:.88em;color:var(--quiet)}"
    f"@media print{{:root{{color-scheme:light;{_LIGHT}}}body{{padding:0;max-width:none;font-size:10pt}}.wide{{overflow:visible}}"
    "tr,.facts,h2,h3{break-inside:avoid}h2,h3,caption{break-after:avoid}thead{display:table-header-group}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:15mm}}"
)
_WHAT_IT_IS = (
    "Every booking line was added up in the way that Exact Online itself adds up its balances: by year, period, account, kind of"
    " booking, status, cost center and cost unit. Each of these groups is compared with Exact's own, to the cent. Witnesses are other"
    " figures of Exact, asked for beside the lines."
)
_WHAT_IT_IS_NOT = (
    "It says that what is here is what Exact has, not that the books are right. The comparison was tested against a simulated Exact"
    " Online."
)


def page(found: Certificate, most: int) -> str:
    """Return the page.

    Args:
        found: The certificate.
        most: How many accounts are named for each year.
    """
    verdict = found.verdict
    title = f"Certificate of completeness: {explained.VERDICTS[verdict]}"
    off = [year for year in found.years if year.verdict is not Verdict.COMPLETE]
    nothing = "" if found.compared else f"<p><strong>{_prose(explained.NOTHING_COMPARED)}</strong></p>"
    parts = "".join(_section(found, year, most) for year in off)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title>\n<style>{_STYLE}</style></head>\n<body>"
        f"<header><h1>Certificate of completeness</h1>"
        f'<p class="stamp {_class(verdict)}"><span aria-hidden="true">{_MARKS[verdict]}</span>{explained.VERDICTS[verdict]}</p>'
        f'<p>{escape(explained.summary(found))}.</p>{nothing}<p class="quiet">As of {_time(found)} UTC.</p></header>\n'
        f"<main><h2>Companies and years</h2>{_overview(found)}\n{parts}"
        f"<h2>What the words mean</h2>{_meanings()}</main>\n"
        f"<footer><p>{_WHAT_IT_IS}</p><p>{_WHAT_IT_IS_NOT}</p><p>Made by tap-exact-online.</p></footer></body></html>\n"
    )


def _class(verdict: Verdict) -> str:
    return verdict.value.replace("_", "-")


def _time(found: Certificate) -> str:
    return f'<time datetime="{found.at.isoformat(timespec="seconds")}">{found.at:%Y-%m-%d %H:%M}</time>'


def _prose(text: str) -> str:
    """Return a text of ours, with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _place(year: Year) -> str:
    """Return the name of a year's section on the page."""
    return f"d{year.division}-{year.financial_year or 'none'}"


def _table(caption: str, head: Sequence[tuple[str, bool]], rows: Iterable[str]) -> str:
    """Return a table; a column that holds numbers is set to the right."""
    cells = "".join(
        f'<th scope="col"{_NUMBER if number else ""}>{escape(text)}</th>' for text, number in head
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


_NUMBER = ' class="number"'


def _overview(found: Certificate) -> str:
    head = [
        ("Company", False),
        ("Year", False),
        ("Groups equal", True),
        ("Booked", True),
        ("Difference", True),
    ]
    head += [("Result", True), ("Witnesses", False), ("Exact's totals read", False), ("Verdict", False)]
    return _table(
        "Each company and year against Exact's own totals", head, (_row(found, year) for year in found.years)
    )


def _row(found: Certificate, year: Year) -> str:
    since = age(year, found.at)
    read = "-" if since is None else words.ago(since)
    exactly = "" if year.balances_read_at is None else f' title="{year.balances_read_at:%Y-%m-%d %H:%M} UTC"'
    verdict = explained.VERDICTS[year.verdict]
    linked = verdict if year.verdict is Verdict.COMPLETE else f'<a href="#{_place(year)}">{verdict}</a>'
    share = 100 * year.equal_groups / year.groups if year.groups else 0
    return (
        f'<tr><th scope="row">{_name(year)}</th><td>{year.financial_year or "-"}</td>'
        f'<td class="number {_class(year.verdict)}">{explained.equal(year)}<span class="bar" aria-hidden="true">'
        f'<i style="width:{share:.2f}%"></i></span></td>'
        f'<td class="number">{explained.money(year.amount)} {escape(spoken(year.currency or "", 8))}</td>'
        f'<td class="number">{explained.money(year.difference)}</td><td class="number">{explained.money(year.result)}</td>'
        f"<td>{explained.witnesses(year)}</td><td{exactly}>{read}</td>"
        f'<td><span class="badge {_class(year.verdict)}"><span aria-hidden="true">{_MARKS[year.verdict]} </span>{linked}</span></td></tr>'
    )


def _name(year: Year) -> str:
    name = escape(spoken(explained.named(year), 80))
    return f'{name} <span class="quiet">{year.division}</span>' if name else str(year.division)


def _section(found: Certificate, year: Year, most: int) -> str:
    """Return what there is to say of a year that is not complete."""
    spots = by_account(found.groups_of(year))
    shown = spots[:most]
    left = len(spots) - len(shown)
    head = [("Account", False), ("Periods", False), ("Here", True), ("In Exact", True), ("Off by", True)]
    head += [("Groups", True), ("Why", False)]
    accounts = _table("Accounts that are off, the largest first", head, map(_account, shown)) if spots else ""
    rest = f'<p class="quiet">{words.counted(left, "account")} more.</p>' if left else ""
    rest += f'<p class="quiet">{explained.OFF_BY}</p>' if explained.says_more(shown) else ""
    when = f" in {year.financial_year}" if year.financial_year else ""
    return (
        f'<section aria-labelledby="{_place(year)}"><h2 id="{_place(year)}">{_name(year)}{when}: '
        f'<span class="{_class(year.verdict)}">{explained.VERDICTS[year.verdict]}</span></h2>'
        f"<p>{_prose(explained.MEANINGS[year.verdict])}</p>{_facts(year)}{_witnesses(year)}{accounts}{rest}</section>\n"
    )


def _facts(year: Year) -> str:
    facts = [
        ("groups equal", year.equal_groups),
        ("missing here", year.missing_here_groups),
        ("only here", year.only_here_groups),
        ("with another amount", year.differing_groups),
        ("moving", year.moving_groups),
        ("not compared", year.not_read_groups),
    ]
    items = [f"<li><b>{count:,}</b> {text}</li>" for text, count in facts if count]
    amounts = (("here", year.amount), ("in Exact", year.exact_amount))
    items += [
        f"<li><b>{explained.money(amount)}</b> booked {text}</li>"
        for text, amount in amounts
        if amount is not None
    ]
    if year.whole_from_period is not None:
        items.append(
            f"<li>lines are whole from period <b>{escape(spoken(year.whole_from_period, 40))}</b> on</li>"
        )
    items += [
        f"<li>{what} read at <b>{moment:%Y-%m-%d %H:%M}</b> UTC</li>"
        for what, moment in (("lines", year.lines_read_at), ("Exact's totals", year.balances_read_at))
        if moment is not None
    ]
    return f'<ul class="facts">{"".join(items)}</ul>' if items else ""


def _witnesses(year: Year) -> str:
    if all(each is Witness.NOT_READ for each in year.witnesses.values()):
        return '<p class="quiet">No witness was read.</p>'
    items = "".join(
        f"<li>{explained.WITNESSES[name]}: <b>{explained.SPOKEN[each]}</b></li>"
        for name, each in year.witnesses.items()
    )
    return f'<h3>Witnesses</h3><ul class="facts">{items}</ul>'


def _account(spot: Spot) -> str:
    numbers = (explained.money(spot.amount), explained.money(spot.exact_amount), explained.money(spot.off))
    cells = "".join(f'<td class="number">{text}</td>' for text in (*numbers, f"{spot.groups:,}"))
    return (
        f'<tr><th scope="row">{escape(spoken(explained.account(spot), 80))}</th><td>{escape(explained.periods(spot))}</td>'
        f"{cells}<td>{explained.why(spot)}</td></tr>"
    )


def _meanings() -> str:
    items = "".join(
        f'<dt class="{_class(verdict)}">{explained.VERDICTS[verdict]}</dt><dd>{_prose(explained.MEANINGS[verdict])}</dd>'
        for verdict in reversed(Verdict)
    )
    return f"<dl>{items}<dt>Booked</dt><dd>{explained.BOOKED}</dd></dl>"
