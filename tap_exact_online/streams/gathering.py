"""Reading what a stream has to know before it can ask for its own rows: a list of years, of schemes, of headers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any

from tap_exact_online import edm
from tap_exact_online.errors import ReadError, Unreachable
from tap_exact_online.reading import Client
from tap_exact_online.wire import Decoder, Need, Page, call_to, datetime_literal


def gathered(
    client: Client, path: str, division: int, names: Sequence[str], condition: str = ""
) -> Generator[Need, Any, list[dict[str, Any]]]:
    """Read all rows of an endpoint: a conversation that returns them.

    Args:
        client: Knows what to do about each answer.
        path: The endpoint's path.
        division: The division.
        names: The properties to read.
        condition: The filter, or nothing.

    Raises:
        ReadError: It cannot be read, or a row of it cannot be understood: what rests on the list would be silently less.
        LimitReached: The division's calls of this day are used up.
    """
    endpoint = edm.load(path)
    facts = [endpoint.properties[name] for name in names]
    options = {"$select": ",".join(names), **({"$filter": condition} if condition else {})}
    call = call_to(endpoint, client.base_url, division, options)
    asking = client.ask_pages(call, Decoder(facts, names[0]).patient())
    rows: list[dict[str, Any]] = []
    answer: Any = None
    while True:
        try:
            need = asking.send(answer)
        except StopIteration:
            return rows
        except ReadError as error:
            if path not in str(error):  # what it rests on is not what the stream is called by
                error.args = (f"{path}: {error}",)
            raise
        if isinstance(need, Page):
            if need.rejected or need.partial:
                msg = f"{call}: a row of it cannot be understood, and what is read by it would be less."
                raise Unreachable(msg)
            rows += need.rows
            answer = None
        else:
            answer = yield need


def changed_since(moment: datetime, names: Sequence[str]) -> str:
    """Return the filter for rows that were changed, or made, at a moment or later; empty where there is nothing to filter on.

    Args:
        moment: The moment, by the clock that filters are written in.
        names: The properties that tell it.
    """
    # `ge`: with `gt`, rows changed later in the same second would be lost.
    return " or ".join(f"{name} ge {datetime_literal(moment)}" for name in names)
