"""`mbml verify`: what is known to hold, found and expected side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from mbml.cli.options import DEFAULT_WAREHOUSE, JsonOption, WarehouseOption
from mbml.cli.output import write_frame, write_json
from mbml.errors import CheckError

if TYPE_CHECKING:
    from mbml.store.verify import Verdict


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(verify)


def verify(warehouse: WarehouseOption = DEFAULT_WAREHOUSE, json: JsonOption = False) -> None:
    """Run all checks, compare known facts, count known faults.

    A check or a fact that fails gives exit code 4; a finding is a fault that the release is known
    to have, and fails nothing. Facts are asked of real sources alone, where they apply.

    Example: mbml verify

    In Python: mbml.store.verify.verify(warehouse)
    """
    from mbml.store import open_warehouse
    from mbml.store.contents import contents
    from mbml.store.verify import verify as run

    with open_warehouse(warehouse) as opened:
        surrogate = contents(opened).has_surrogate_sources
        verdicts = run(opened)
    if json:
        rows = [asdict(one) | {"failed": one.failed, "surrogate": surrogate} for one in verdicts]
        write_json(rows)
    else:
        if surrogate:
            typer.echo("SURROGATE DATA: no fact of a published release is asked of it")
        _print(verdicts)
    failed = [one for one in verdicts if one.failed]
    if failed:
        first = failed[0]
        raise CheckError(
            f"{len(failed)} of {len(verdicts)} failed, the first: {first.kind} {first.subject}:"
            f" {first.what}: found {first.found:.10g}, expected {first.expected:.10g}"
            + (f" ({first.detail})" if first.detail else "")
        )


def _print(verdicts: list[Verdict]) -> None:
    import polars as pl

    rows = [
        {
            "result": None if one.expected is None else "FAILED" if one.failed else "ok",
            "kind": one.kind,
            "subject": one.subject,
            "found": f"{one.found:.10g}",
            "expected": "" if one.expected is None else f"{one.expected:.10g}",
            "within": f"{one.tolerance:.1g}" if one.tolerance else "",
            "what": one.what,
        }
        for one in verdicts
    ]
    write_frame(pl.DataFrame(rows), "table")
    counts = {kind: sum(one.kind == kind for one in verdicts) for kind in ("check", "fact")}
    failed = sum(one.failed for one in verdicts)
    typer.echo(f"\n{counts['check']} checks, {counts['fact']} facts, {failed} failed")
