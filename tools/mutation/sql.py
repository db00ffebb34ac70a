"""Mutants of SQL: comparisons, aggregates, numbers, conditions, and one column for another."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What is changed, as a pattern, and what it becomes.
_RULES: tuple[tuple[str, str], ...] = (
    (r"(?<= )=(?= )", "<>"),
    (r"(?<= )<>(?= )", "="),
    (r"(?<= )<(?= )", "<="),
    (r"(?<= )<=(?= )", "<"),
    (r"(?<= )>(?= )", ">="),
    (r"(?<= )>=(?= )", ">"),
    (r"(?<= )\+(?= )", "-"),
    (r"(?<= )-(?= )", "+"),
    (r"(?<= )\*(?= )", "/"),
    (r"(?<= )/(?= )", "*"),
    (r"\bavg\(", "max("),
    (r"\bmax\(", "min("),
    (r"\bmin\(", "max("),
    (r"\bsum\(", "max("),
    (r"\bstddev_pop\(", "stddev_samp("),
    (r"\barg_min\(", "arg_max("),
    (r"\bcount\(distinct ", "count("),
    (r"\bbool_or\(", "bool_and("),
    (r"\band\b(?! \d)", "or"),
    (r"\bor\b(?! replace)", "and"),
    (r"\bnot exists\b", "exists"),
    (r"\bis not null\b", "is null"),
    (r"\bis null\b", "is not null"),
    (r"\binner join\b", "left join"),
    (r"\bleft join\b", "inner join"),
    (r"\bunion all\b", "union"),
    (r"\bdesc\b", "asc"),
    (r"\b(\d+)\b(?![.'])", "+1"),
    # One measurement in the place of another.
    (r"\bvalid_test_(?=accuracy|loss|seconds)", "test_"),
    (r"(?<!valid_)\btest_(?=accuracy|loss|seconds)", "valid_"),
    (r"\bvalid_(?=accuracy|loss|seconds)", "test_"),
    (r"\btrain_(?=accuracy|loss|seconds)", "valid_"),
    (r"\bparameters\b", "flops"),
    (r"\bflops\b", "parameters"),
    (r"\blatency_seconds\b", "total_seconds"),
    (r"\bgraph_id\b", "functional_id"),
    (r"\bconv1x1", "conv3x3"),
    (r"\bconv3x3", "conv1x1"),
)
#: Comments, and every text; of the texts, those of several words are left alone.
_NOT_CODE = re.compile(
    r"--[^\n]*|\bcomment on\b.*?;|create type.*?;|'(?:[^'\n]|'')*'", re.DOTALL | re.IGNORECASE
)
_IS_SQL = re.compile(r"\b(select|insert into|update|delete from|inner join|group by|where)\b")


def looks_like_sql(text: str) -> bool:
    """Tell whether a text in Python code is SQL, or a part of a statement."""
    return _IS_SQL.search(text) is not None


def changes(text: str) -> Iterator[str]:
    """Yield every changed text."""
    for text_after, _ in _changes(text):
        yield text_after


def mutants(path: Path, text: str) -> Iterator[Mutant]:
    """Yield every mutant of an SQL file; comments stay as they are."""
    for changed, at in _changes(text):
        yield Mutant(path, text.count("\n", 0, at) + 1, partial(str, changed))


def _changes(text: str) -> Iterator[tuple[str, int]]:
    left_alone = [found.span() for found in _NOT_CODE.finditer(text) if " " in found[0]]
    for pattern, replacement in _RULES:
        for found in re.finditer(pattern, text):
            if any(start <= found.start() < end for start, end in left_alone):
                continue
            new = str(int(found[1]) + 1) if replacement == "+1" else replacement
            yield text[: found.start()] + new + text[found.end() :], found.start()
