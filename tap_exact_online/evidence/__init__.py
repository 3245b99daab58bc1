"""What Exact's answers show, without what they say: a recording for a bug report, and facts about the service.

`disguise.py` knows what stands for what, `wordings.py` which sentences of Exact are no secret, `links.py` and `scrubbing.py`
rewrite an answer with both. All of them are pure; `recorder.py` writes files. `facts.py` is the table of what nobody but the
live service can tell, `showing.py` reads it off an answer.
"""

from __future__ import annotations

from tap_exact_online.evidence.answers import (
    both,
)
from tap_exact_online.evidence.facts import (
    FACTS,
    Facts,
    told,
)
from tap_exact_online.evidence.recorder import (
    Recorder,
)

__all__ = ["FACTS", "Facts", "Recorder", "both", "told"]
