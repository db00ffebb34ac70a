"""The Pareto front of a view: the rows that no other row beats in every objective."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml.datasets import Role, may_be_feature, role_of
from mbml.dominance import dominated_share, nondominated
from mbml.errors import UsageError, unknown_name
from mbml.exports.provenance import provenance
from mbml.frames import columns_of_condition, find_dataset, restricted
from mbml.result_types import sql_name
from mbml.store import opened
from mbml.store.contents import describe, place_of
from mbml.text import html_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath

#: Columns that name a row, where a view has them.
_NAMES = ("arch_id", "arch_key")
#: Points of a front whose hypervolume takes less than about a minute, by objectives; then of more.
_MOST_POINTS = {1: math.inf, 2: math.inf, 3: 10_000, 4: 4_000, 5: 1_000}
_MOST_OF_MANY = 200


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A column of a front, and what is to become of it.

    Attributes
    ----------
    column, direction
        Its name; ``minimise`` or ``maximise``.
    meaning
        What the view says of the column; empty if nothing.
    is_outcome
        True if only training tells its values: then the front is an oracle, which no search knows.
    worst, best
        Of all rows compared, in the column's unit: two corners of the box of the hypervolume.
    """

    column: str
    direction: str
    meaning: str
    is_outcome: bool
    worst: float
    best: float


@dataclass(frozen=True, kw_only=True)
class Front:
    """The Pareto front of a view.

    Attributes
    ----------
    view, holds
        The view, and what its comment says that its rows are; empty if nothing.
    where
        The condition on its rows, empty if none.
    objectives
        The objectives, those to minimise first.
    rows
        The front: `arch_id` and `arch_key` where the view has them, the objectives, further columns
        asked for. Best in the first objective first. Rows that are equal in every objective are all
        here.
    compared
        The objectives of every row compared, one row each.
    without_value
        Rows left out because an objective is NULL, NaN or infinite.
    not_satisfied, undecided
        Rows left out by the condition: where it is false, and where it is NULL.
    distinct
        Different values of all objectives on the front.
    hypervolume
        Share of the box from the worst to the best values that the front dominates, a fraction;
        None where computing it would take minutes.
    is_surrogate
        True if any of the numbers may be invented.
    metadata
        What a file of the front says inside.
    """

    view: str
    holds: str
    where: str
    objectives: tuple[Objective, ...]
    rows: pl.DataFrame
    compared: pl.DataFrame
    without_value: int
    not_satisfied: int
    undecided: int
    distinct: int
    hypervolume: float | None
    is_surrogate: bool
    metadata: dict[str, str]

    def _repr_html_(self) -> str:
        """Show the front in a notebook."""
        share = "" if self.hypervolume is None else f", hypervolume {self.hypervolume:.4f}"
        mark = "SURROGATE DATA: " if self.is_surrogate else ""
        title = f"{mark}front of {self.view}, {self.compared.height:,} rows compared{share}"
        return html_table(title, self.rows.columns, self.rows.iter_rows())


def pareto(
    warehouse: WarehouseOrPath,
    view: str | MetaDataset,
    *,
    minimise: str | Sequence[str] = (),
    maximise: str | Sequence[str] = (),
    where: str = "",
    columns: str | Sequence[str] = (),
) -> Front:
    """Return the Pareto front of a view: the rows that no other row beats in every objective.

    One row beats another if it is nowhere worse and somewhere better. Outcomes may be objectives:
    their front is that of what was measured, after all trainings.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    view
        Any view or table: its name, or the entry of a meta-dataset.
    minimise, maximise
        Columns of numbers, or one of them; each is named once, in one of the two.
    where
        An SQL condition on the columns of a row; rows where it is false or NULL are left out.
    columns
        Further columns of `rows`.

    Raises
    ------
    UsageError
        There is no such view or column, an objective holds no numbers or names the row, the
        condition is not valid, or no row is left.

    Examples
    --------
    >>> import mbml
    >>> view = "meta_nasbench201_cifar100_200epochs"
    >>> columns = {"minimise": ["parameters"], "maximise": ["test_accuracy"]}
    >>> front = mbml.pareto("warehouse/mbml.duckdb", view, **columns)
    >>> front.rows.columns
    ['arch_id', 'arch_key', 'parameters', 'test_accuracy']
    """
    name = view if isinstance(view, str) else view.name
    with opened(warehouse) as held:
        about = describe(held, name)
        known = {one.casefold(): one for one in about["column"]}

        def named(names: str | Sequence[str]) -> list[str]:
            listed = [names] if isinstance(names, str) else names
            return [_known_column(name, one, known) for one in listed]

        directions = _directions(named(minimise), named(maximise))
        names = [known[one] for one in _NAMES if one in known]
        shown = list(dict.fromkeys([*names, *directions, *named(columns)]))
        wanted = dict.fromkeys([*shown, *named(columns_of_condition(where))])
        listed = ", ".join(map(sql_name, wanted))
        rows = held.sql(f"select {listed} from {place_of(held, name)}")  # noqa: S608
        comments = held.rows("select comment from duckdb_views() where view_name = ?", [name])
        dataset = _entry(held, name)
        origin = provenance(held, name)
    for column in directions:
        _check_objective(name, dataset, rows[column])
    kept = restricted(rows, where)
    numbers = kept.rows.select(pl.col(one).cast(pl.Float64) for one in directions)
    finite = numbers.select(pl.all_horizontal(pl.all().is_finite().fill_null(value=False)))
    compared = numbers.filter(finite.to_series())
    if compared.is_empty():
        raise UsageError(_why_nothing(name, dataset, numbers, where))
    signs = np.array([1.0 if one == "minimise" else -1.0 for one in directions.values()])
    costs = compared.to_numpy() * signs
    on_front = nondominated(costs)
    points = np.unique(costs[on_front], axis=0)
    best, worst = costs.min(axis=0), costs.max(axis=0)
    is_small = len(points) <= _MOST_POINTS.get(len(signs), _MOST_OF_MANY)
    share = dominated_share(points, best=best, worst=worst) if is_small else None
    meanings = dict(about.select("column", "meaning").iter_rows())
    objectives = [
        Objective(
            column=column,
            direction=direction,
            meaning=meanings[column] or "",
            is_outcome=_is_outcome(column, dataset),
            worst=float(worst[place] * signs[place]),
            best=float(best[place] * signs[place]),
        )
        for place, (column, direction) in enumerate(directions.items())
    ]
    order = [*directions, *names]
    front = kept.rows.filter(finite.to_series()).filter(pl.Series(on_front))
    asked = {"objectives": directions, "where": where, "hypervolume": share}
    return Front(
        view=name,
        holds=next((text for (text,) in comments if text), ""),
        where=where,
        objectives=tuple(objectives),
        rows=front.select(shown).sort(
            order, descending=[directions.get(one) == "maximise" for one in order]
        ),
        compared=compared,
        without_value=numbers.height - compared.height,
        not_satisfied=kept.not_satisfied,
        undecided=kept.undecided,
        distinct=len(points),
        hypervolume=share,
        is_surrogate=origin.is_surrogate,
        metadata=origin.metadata() | {"mbml.pareto": json.dumps(asked)},
    )


def _known_column(view: str, name: str, known: Mapping[str, str]) -> str:
    """Return the name of a column as the view spells it: SQL takes it in any case."""
    if name.casefold() not in known:
        raise unknown_name(f"column of {view}", name, known.values())
    return known[name.casefold()]


def _directions(minimise: Sequence[str], maximise: Sequence[str]) -> dict[str, str]:
    """Return the direction of each objective; refuse a column that is named twice."""
    found: dict[str, str] = {}
    for direction, names in (("minimise", minimise), ("maximise", maximise)):
        for name in names:
            if name in found:
                raise UsageError(f"{name} is named twice; give each objective one direction")
            found[name] = direction
    if not found:
        raise UsageError("a front needs objectives: name columns to minimise or to maximise")
    return found


def _entry(warehouse: Warehouse, view: str) -> MetaDataset | None:
    """Return the entry of a view; None if it is no meta-dataset, which a front does not need."""
    try:
        return find_dataset(warehouse, view)
    except UsageError:
        return None


def _check_objective(view: str, dataset: MetaDataset | None, values: pl.Series) -> None:
    if role_of(values.name, dataset) is Role.KEY:
        raise UsageError(
            f"{values.name} of {view} cannot be an objective: it is a key, which names the row"
        )
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise UsageError(f"{view}: {values.name} holds {values.dtype}, not numbers")


def _is_outcome(column: str, dataset: MetaDataset | None) -> bool:
    """Tell whether only training tells a column; one of the user may be known without it."""
    may_be_known = dataset is not None and may_be_feature(column, dataset)
    return role_of(column, dataset) is Role.OUTCOME and not may_be_known


def _why_nothing(view: str, dataset: MetaDataset | None, numbers: pl.DataFrame, where: str) -> str:
    if numbers.is_empty():
        return f"{view}: no row satisfies {where}" if where else f"{view} has no rows"
    empty = [one.name for one in numbers if not one.is_finite().any()]
    what = " and ".join(empty or numbers.columns)
    why = f"{view}: none of {numbers.height:,} rows has a number in {what}"
    source = "" if dataset is None else dataset.view_of("valid_accuracy")
    if "valid_accuracy" in empty and source not in ("", view):
        why += f"; its trainings had no validation set, those of {source} had"
    return why
