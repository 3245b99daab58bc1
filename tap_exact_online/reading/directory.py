"""Which divisions there are: from the list that all processes share, or from Exact."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from http import HTTPStatus

from tap_exact_online.board import Listing
from tap_exact_online.catalog import BY_NAME, selected_by_default
from tap_exact_online.errors import ConfigurationError, Refused
from tap_exact_online.reading.around import OF_A_DIVISION
from tap_exact_online.reading.client import Client
from tap_exact_online.reading.divisions import Choice, granted_divisions
from tap_exact_online.wire import Page

_log = logging.getLogger("tap-exact-online.divisions")

USUAL = OF_A_DIVISION | frozenset(
    fact.name
    for fact in BY_NAME["divisions"].endpoint.properties.values()
    if selected_by_default(BY_NAME["divisions"], fact)
)
"""What a run asks of a division where nobody chose: a list that holds it serves runs and commands."""
_FEW = 40
"""So many divisions are asked for by their numbers: the address stays short, and the answer is one page."""


def known_divisions(client: Client, listing: Listing, choice: Choice, known: Collection[int]) -> Page:
    """Return the divisions that are granted; of few that the settings name, those alone.

    Args:
        client: Makes the calls, where it takes any.
        listing: The list that all processes share, with the properties that are wanted.
        choice: The settings that narrow the divisions.
        known: Divisions whose path may be used.

    Raises:
        ConfigurationError: None is granted.
        ReadError: They could not be read.
    """
    if few := _few(choice):
        if (page := _at_hand(listing, choice)) is not None:
            return page
        if (page := _named(client, sorted(listing.fields), few)) is not None:
            return _only(page, few)
    if (rows := listing.fresh(shared=choice.shard is not None)) is not None:
        return _only(Page([*rows]), few)
    return _only(read_divisions(client, listing, known), few)


def is_at_hand(listing: Listing, choice: Choice) -> bool:
    """Tell whether `known_divisions` would take no call now."""
    return _at_hand(listing, choice) is not None


def everywhere(listing: Listing, choice: Choice, granted: int) -> int:
    """Return how many divisions there are for all runs: where this one names its own, others may know.

    Args:
        listing: The list that all processes share.
        choice: The settings that narrow the divisions.
        granted: How many `known_divisions` has found.
    """
    listed = listing.kept() if choice.only else None
    return max(granted, len(listed.rows) if listed is not None else 0)


def _few(choice: Choice) -> Collection[int]:
    return choice.only if len(choice.only) <= _FEW else ()


def _at_hand(listing: Listing, choice: Choice) -> Page | None:
    few = _few(choice)
    rows = listing.at_hand(shared=bool(few) or choice.shard is not None)
    # One that was granted a minute ago is not in it.
    if rows is None or not {*few} <= {row["Code"] for row in rows}:
        return None
    return _only(Page([*rows]), few)


def _only(page: Page, few: Collection[int]) -> Page:
    """Return those that are named, however they were found; all where none is granted, or none is named."""
    rows = [row for row in page.rows if row["Code"] in few]
    return Page(rows, None, page.rejected) if rows else page


def read_divisions(client: Client, listing: Listing, known: Collection[int]) -> Page:
    """Read the list of divisions anew, and keep it for other processes where it is long or they wait for it.

    Args:
        client: Makes the calls.
        listing: The list that all processes share, with the properties that are wanted.
        known: Divisions whose path may be used.

    Raises:
        ConfigurationError: None is granted.
        ReadError: The list could not be read.
    """
    select = listing.select
    try:
        page = granted_divisions(client, select, known)
    except BaseException:
        listing.release()  # nobody has to wait for it
        raise
    if page.rejected:
        listing.forget()
    else:
        listing.keep(page.rows, select)
    return page


def _named(client: Client, select: Sequence[str], only: Collection[int]) -> Page | None:
    """Ask for divisions by their numbers; None where that shows nothing."""
    codes = sorted(only)
    text = " or ".join(f"Code eq {code}" for code in codes)
    try:
        return granted_divisions(client, select, codes, text=text)
    except Refused as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise
        _log.info("The list of divisions takes no filter (%s); reading all of it", error)
    except ConfigurationError:
        pass  # none of them is granted: the whole list tells which are
    return None
