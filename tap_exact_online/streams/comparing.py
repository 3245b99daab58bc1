"""What is compared with other streams: it is read behind them, and they once more behind it.

A certificate compares Exact's own totals with the rows that were loaded. Rows change while a run reads; so what is read last are
the rows again, one call for each division where nothing is new. A row that came after the totals is then there, and says by its
version that they could not know it: it is no gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tap_exact_online.catalog import BY_NAME
from tap_exact_online.streams.stream import ExactStream


def behind(order: Iterable[str]) -> list[str]:
    """Put the streams that are compared with others behind those; the rest stays as it was."""
    return sorted(order, key=lambda name: bool(BY_NAME[name].against))


class Comparing:
    """Reads streams once more.

    Attributes:
        divisions: Those that are read once more just now, None where a stream has its own turn.
    """

    def __init__(self) -> None:
        self.divisions: Sequence[int] | None = None

    def ended(self, stream: str, streams: Sequence[ExactStream], reads: Mapping[str, Iterable[int]]) -> None:
        """Take note that a stream has been read: behind the last one that is compared, read what it is compared with.

        Only of the divisions of which that was read to its end which asks for it.

        Args:
            stream: The stream.
            streams: All that this run reads, in their order.
            reads: The divisions of each stream that were read to their end so far.
        """
        compared = [each.name for each in streams if BY_NAME[each.name].against]
        if self.divisions is not None or compared[-1:] != [stream]:
            return
        divisions = sorted(
            {division for name, some in reads.items() if BY_NAME[name].once_more for division in some}
        )
        if not divisions:
            return
        with_them = {name for each in compared for name in BY_NAME[each].compared_with}
        self.divisions = divisions
        try:
            for other in streams:
                if other.name in with_them:
                    other.read_on()
        finally:
            self.divisions = None
