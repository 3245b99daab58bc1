"""Which divisions there are: from the list that all processes share, or from Exact."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from http import HTTPStatus

from tap_exact_online.board import Listing
from tap_exact_online.errors import ConfigurationError, Refused
from tap_exact_online.reading.client import Client
from tap_exact_online.reading.divisions import Choice, granted_divisions
from tap_exact_online.wire import Page

_log = logging.getLogger("tap-exact-online.divisions")

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
    few = choice.only if len(choice.only) <= _FEW else ()
    rows = listing.at_hand() if few else None
    # One that was granted a minute ago is not in it.
    if rows is not None and {*few} <= {row["Code"] for row in rows}:
        return _only(Page([*rows]), few)
    if few and (page := _named(client, sorted(listing.fields), few)) is not None:
        return _only(page, few)
    if (rows := listing.fresh(shared=choice.shard is not None)) is not None:
        return _only(Page([*rows]), few)
    return _only(read_divisions(client, listing, known), few)


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
