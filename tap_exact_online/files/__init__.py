"""Files beside rows: which are wanted, what came for one, and the place where they are kept.

`content.py` and `only.py` decide, `places.py` and `bucket.py` keep, `filing.py` takes a file in as it comes.
"""

from __future__ import annotations

from tap_exact_online.files.content import Asked
from tap_exact_online.files.filing import Filing, Known, Unfit, Unkept, is_id
from tap_exact_online.files.only import Only
from tap_exact_online.files.places import Place, open_place

__all__ = ["Asked", "Filing", "Known", "Only", "Place", "Unfit", "Unkept", "is_id", "open_place"]
