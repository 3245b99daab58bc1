"""Which divisions a run reads: found anew every time, narrowed by the settings."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice

from tap_exact_online import edm
from tap_exact_online.errors import ConfigurationError, Denied, Refused
from tap_exact_online.reading.client import Client
from tap_exact_online.reading.witness import who_am_i
from tap_exact_online.wire import MANAGE_COMPANIES, Call, Decoder, Page, address

_log = logging.getLogger("tap-exact-online.divisions")


_MOST_DIGITS = 9


def _is_part(text: str) -> bool:
    return text.strip().isdecimal() and len(text.strip()) <= _MOST_DIGITS


@dataclass(frozen=True, slots=True)
class Shard:
    """One of n parts of the divisions, 1-based."""

    part: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read the setting `shard`, for example `2/4`.

        Raises:
            ConfigurationError: It has another form, or the part is not one of them.
        """
        part, _, of = text.partition("/")
        if _is_part(part) and _is_part(of) and 1 <= int(part) <= int(of):
            return cls(int(part), int(of))
        msg = f"`shard`: '{text[:40]}' is not a part i/n with i from 1 to n, for example 2/4."
        raise ConfigurationError(msg)

    def holds(self, division: int) -> bool:
        """Tell whether a division falls in this part: by a hash that is the same on every machine, for ever."""
        digest = hashlib.sha256(str(division).encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.part - 1


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that narrow the divisions.

    Attributes:
        only: The divisions to read; empty means every one granted.
        exclude: Those to leave out.
        shard: The part to read, or None for all.
    """

    only: Collection[int] = ()
    exclude: Collection[int] = ()
    shard: Shard | None = None

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.only or self.exclude or self.shard)

    def pick(self, granted: Iterable[int]) -> list[int]:
        """Return the divisions to read, in ascending order."""
        return sorted(
            code
            for code in set(granted)
            if (not self.only or code in self.only)
            and code not in self.exclude
            and (self.shard is None or self.shard.holds(code))
        )

    def missing(self, granted: Collection[int]) -> list[int]:
        """Return the configured divisions that are not granted."""
        return sorted(code for code in {*self.only} - {*self.exclude} if code not in granted)


def granted_divisions(
    client: Client,
    select: Sequence[str],
    fallback: Iterable[int] = (),
    most_pages: int | None = None,
    text: str = "",
) -> Page:
    """Read the divisions that the user may see and has granted to the app.

    Args:
        client: Makes the calls: one to `current/Me`, one for each page of divisions.
        select: The properties to ask for.
        fallback: Divisions whose path may be used when the one that the user has open is not granted to the app.
        most_pages: Read no more than this many pages; None for all.
        text: A filter, for some of them only.

    Returns:
        One row for each division, in the final form of the stream `divisions`, and what was rejected, as one page.

    Raises:
        ConfigurationError: None is granted.
        ReadError: The list could not be read.
    """
    page = client.get(*who_am_i(client.base_url))
    current = [row["CurrentDivision"] for row in page.rows if row.get("CurrentDivision")]

    endpoint = edm.load("system/Divisions")
    key = endpoint.keys[0]
    decoder = Decoder([endpoint.properties[name] for name in select], key, identity=[key])
    candidates = [*dict.fromkeys([*current, *fallback])]
    refusal: Denied | Refused | None = None
    for division in candidates[:_MOST_CANDIDATES]:
        options = {"$select": ",".join(select)} | ({"$filter": text} if text else {})
        url = address(client.base_url, endpoint.path, division, options)
        try:
            pages = islice(client.pages(Call(endpoint.path, url, division), decoder), most_pages)
            read = [*pages]
        except (Denied, Refused) as error:
            if not _of_this_division(error):
                raise
            _log.info("The list of divisions cannot be read under division %d; trying another", division)
            if refusal is None and not (isinstance(error, Denied) and error.reason == "NoDivisionAccess"):
                refusal = error
            continue
        rows = [{**row, "Division": row["Code"]} for page in read for row in page.rows]
        rejected = [line for page in read for line in page.rejected]
        if rows or rejected:
            return Page(rows, None, rejected)
        break
    else:
        if refusal is not None:
            raise refusal
        if current:
            msg = (
                f"The company that the connected user has open in Exact Online ({current[0]}) is not granted to this"
                " app, and no other is known. Open a granted company there, or name one in the setting `divisions`;"
                f" companies are granted under {MANAGE_COMPANIES}."
            )
            raise ConfigurationError(msg)
    msg = f"No divisions are granted to this app: in Exact Online, tick the companies to read under {MANAGE_COMPANIES}."
    raise ConfigurationError(msg)


def _of_this_division(error: Denied | Refused) -> bool:
    """Tell whether the list may well be read under another division: this one is closed, or refuses a good token (401)."""
    return error.whole_division if isinstance(error, Denied) else error.status == HTTPStatus.UNAUTHORIZED


# The list of divisions is the same under each of them; each try that is refused counts as an error in Exact.
_MOST_CANDIDATES = 5
