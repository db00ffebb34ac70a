"""Seeds on the command line: `5`, `3,7`, `1000-1019`."""

from __future__ import annotations

import re

from mbml.errors import UsageError
from mbml.splits import MOST_SEEDS


def listed_seeds(text: str) -> list[int]:
    """Return the seeds of a list of seeds and ranges, whose ends belong to them.

    Raises
    ------
    UsageError
        The text has another form, or a range runs backwards or is too long.

    Examples
    --------
    >>> listed_seeds("7,1000-1002")
    [7, 1000, 1001, 1002]
    """
    seeds: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*", part)
        if ends is None:
            raise UsageError(f"`seeds={text}` is no list of seeds; write 0,1,2 or 1000-1019")
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if not 0 <= last - first < MOST_SEEDS:
            raise UsageError(
                f"`seeds={text}`: {part.strip()} is no range of 1 to {MOST_SEEDS:,} seeds"
            )
        seeds += range(first, last + 1)
    return seeds
