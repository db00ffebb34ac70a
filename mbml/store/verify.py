"""Everything that is known to hold of what is loaded, looked at again.

Checks are rules of any warehouse; findings are faults that the releases are known to have; facts
are figures that others published of them, asked where they apply (`sql/60_facts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mbml.store.checks import checked, first_comment
from mbml.store.opening import opened
from mbml.store.schema import sql_files
from mbml.store.summary import wrong_summaries

if TYPE_CHECKING:
    from mbml.store.warehouse import Warehouse, WarehouseOrPath


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One check, finding or fact.

    Attributes
    ----------
    kind
        Which of them. Only a check and a fact can fail.
    subject
        What it is about: the name of its SQL file.
    what
        The rule, the fault, or the figure.
    found
        Rows that break the rule or have the fault; the figure as loaded.
    expected
        What should have been found; None for a finding.
    tolerance
        How far a figure may be off: half of the last digit that was published.
    detail
        The first rows that break a rule.
    """

    kind: Literal["check", "finding", "fact"]
    subject: str
    what: str
    found: float
    expected: float | None = None
    tolerance: float = 0.0
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether something is wrong."""
        # Not "more than": a figure that is no number is wrong too.
        return self.expected is not None and not (abs(self.found - self.expected) <= self.tolerance)


def verify(warehouse: WarehouseOrPath) -> list[Verdict]:
    """Run every check, every finding, and every fact that applies to what a warehouse holds.

    Facts of a published release are not asked of surrogates, nor of a small part of a benchmark,
    nor where the value they are about was not loaded.
    """
    with opened(warehouse) as held:
        return _verdicts(held)


def _verdicts(warehouse: Warehouse) -> list[Verdict]:
    verdicts = [
        Verdict(
            kind="check",
            subject=one.name,
            what=one.rule,
            found=one.rows,
            expected=0,
            detail=one.first,
        )
        for one in checked(warehouse)
    ]
    verdicts.append(
        Verdict(
            kind="check",
            subject="summary_is_as_defined",
            what="The kept summary is what cell_summary computes from the trials, within 1e-12.",
            found=wrong_summaries(warehouse),
            expected=0,
        )
    )
    for path in sql_files("50_findings"):
        sql = path.read_text().rstrip().rstrip(";")
        [(rows,)] = warehouse.rows(f"select count(*) from (\n{sql}\n)")  # noqa: S608
        verdicts.append(
            Verdict(kind="finding", subject=path.stem, what=first_comment(path), found=rows)
        )
    for path in sql_files("60_facts"):
        verdicts += [
            Verdict(
                kind="fact",
                subject=path.stem,
                what=fact,
                found=found,
                expected=expected,
                tolerance=tolerance,
            )
            for fact, found, expected, tolerance in warehouse.rows(path.read_text())
            if found is not None
        ]
    return verdicts
