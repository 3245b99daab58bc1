"""What Meltano was told, as tests say it."""

from __future__ import annotations

import json
from typing import Any

from tap_exact_online.catalog import Told


def told(select: list[str], filters: list[str] | None = None, **metadata: Any) -> Told:
    """Return what Meltano tells the tap that it was told."""
    found = Told.of(
        {
            "MELTANO_EXTRACT__SELECT": json.dumps(select),
            "MELTANO_EXTRACT__SELECT_FILTER": json.dumps(filters or []),
            "MELTANO_EXTRACT__METADATA": json.dumps(metadata),
        }
    )
    assert found is not None
    return found
