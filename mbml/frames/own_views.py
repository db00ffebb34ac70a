"""Views of the user as meta-datasets: a row per architecture, under `arch_id`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mbml.datasets import catalogue, own_meta_dataset
from mbml.errors import UsageError, unknown_name
from mbml.result_types import sql_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse

#: Columns that a view may lack: keys are those of the architecture, the others are NULL.
_OF_ARCHITECTURE = {
    "arch_key": "native_key",
    "arch_index": "native_index",
    "hash_order": "hash_order",
    "graph_id": "graph_id",
    "functional_id": "functional_id",
}
_MEASURED = ("valid_accuracy", "test_accuracy", "parameters", "flops", "latency_seconds")
#: The start of a view's definition, which DuckDB keeps with it.
_CREATE = re.compile(r"create view .*? as\b", re.IGNORECASE | re.DOTALL)


def own_dataset(warehouse: Warehouse, name: str) -> MetaDataset | None:
    """Return a view of the user as a meta-dataset; None if there is no such view.

    Which training its rows are of follows from its columns `dataset`, `schedule_epochs` and
    `epoch`, if it has all three, or else from the one published view that it is made from.

    Raises
    ------
    UsageError
        It has no `arch_id`, or not one row for each architecture of one benchmark, or its rows are
        of several trainings.
    """
    columns = _columns(warehouse, name)
    if not columns:
        return None
    of = _benchmark(warehouse, name, columns)
    published = [one for one in catalogue().values() if one.benchmark == of]
    made_from = _made_from(warehouse, name) & {one.name for one in published}
    base = next((one for one in published if {one.name} == made_from), None)
    told = _training_of(warehouse, name, columns)
    if told is not None:
        dataset, schedule_epochs, epoch = told
        known = own_meta_dataset(name, of, dataset)
        return replace(known, schedule_epochs=schedule_epochs, epoch=epoch)
    known = own_meta_dataset(name, of)
    if base is None:
        return known
    return replace(
        known,
        dataset=base.dataset,
        schedule_epochs=base.schedule_epochs,
        epoch=base.epoch,
        validation_view=None if _has(warehouse, name, columns) else base.validation_view,
        features=base.features,
    )


def read_own(
    warehouse: Warehouse, dataset: MetaDataset, columns: Sequence[str] | None
) -> pl.DataFrame:
    """Read columns of a view of the user, in the order that the published split draws from.

    Raises
    ------
    UsageError
        There is no such column, or it holds no numbers where numbers are read.
    """
    held = _columns(warehouse, dataset.name)
    wanted = list(columns) if columns is not None else list(held)
    parts = []
    for name in wanted:
        if name in held:
            parts.append(f"own.{sql_name(name)}")
        elif name in _OF_ARCHITECTURE:
            parts.append(f"architecture.{_OF_ARCHITECTURE[name]} as {name}")
        elif name in _MEASURED:
            parts.append(f"null::double as {name}")
        else:
            raise unknown_name(f"column of {dataset.name}", name, held)
    return warehouse.frame(
        f"select {', '.join(parts)} from {sql_name(dataset.name)} as own"  # noqa: S608
        " inner join architecture using (arch_id)"
        " order by architecture.native_index, architecture.hash_order, architecture.arch_id"
    )


def _columns(warehouse: Warehouse, name: str) -> dict[str, str]:
    """Return the columns of a view or table of the main schema, with their types."""
    rows = warehouse.rows(
        "select column_name, data_type from duckdb_columns() where table_name = ?"
        " and schema_name = 'main' and database_name = current_database() order by column_index",
        [name],
    )
    return dict(rows)


def _benchmark(warehouse: Warehouse, name: str, columns: dict[str, str]) -> str:
    if "arch_id" not in columns:
        raise UsageError(
            f"{name} has no column arch_id, which names the architecture of a row: take it from a"
            " published view"
        )
    view = sql_name(name)
    [(again, nowhere)] = warehouse.rows(
        "select min(arch_id) filter (where times > 1),"  # noqa: S608
        " min(arch_id) filter (where architecture.arch_id is null)"
        f" from (select arch_id, count(*) as times from {view} group by arch_id)"
        " left join architecture using (arch_id)"
    )
    if again is not None:
        raise UsageError(f"{name} has several rows for arch_id {again}; a meta-dataset has one")
    [(unnamed,)] = warehouse.rows(f"select count(*) from {view} where arch_id is null")  # noqa: S608
    if nowhere is not None or unnamed:
        what = "is NULL in some row" if unnamed else f"{nowhere} is no architecture here"
        raise UsageError(f"{name}: arch_id {what}; leave such rows out")
    found = warehouse.rows(
        "select distinct benchmark from architecture"  # noqa: S608
        f" where arch_id in (select arch_id from {view}) order by 1"
    )
    if len(found) != 1:
        names = " and ".join(one for (one,) in found)
        problem = f"holds architectures of {names}" if found else "has no rows"
        raise UsageError(f"{name} {problem}; a meta-dataset is of one benchmark")
    return str(found[0][0])


def _training_of(
    warehouse: Warehouse, name: str, columns: dict[str, str]
) -> tuple[str, int, int] | None:
    needed = ("dataset", "schedule_epochs", "epoch")
    if not set(needed) <= set(columns):
        return None
    found: list[Any] = warehouse.rows(f"select distinct {', '.join(needed)} from {sql_name(name)}")  # noqa: S608
    if len(found) != 1 or None in found[0]:
        raise UsageError(
            f"{name} has rows of several trainings ({', '.join(needed)}); a meta-dataset is of one"
        )
    dataset, schedule_epochs, epoch = found[0]
    if not all(isinstance(one, int) and one > 0 for one in (schedule_epochs, epoch)):
        raise UsageError(f"{name}: schedule_epochs and epoch are positive integers")
    return str(dataset), schedule_epochs, epoch


def _made_from(warehouse: Warehouse, name: str) -> set[str]:
    """Return the views and tables that a view is made from, through views of the user."""
    texts = dict(
        warehouse.rows(
            "select view_name, sql from duckdb_views()"
            " where schema_name = 'main' and database_name = current_database()"
        )
    )
    published = catalogue()
    found: set[str] = set()
    waiting = {name}
    while waiting:
        one = waiting.pop()
        found.add(one)
        if one in texts and one not in published:
            statement = _CREATE.sub("", texts[one], count=1)
            [(tree,)] = warehouse.rows("select json_serialize_sql(?)", [statement])
            waiting |= set(_tables(json.loads(tree))) - found
    return found - {name}


def _tables(tree: object) -> Iterator[str]:
    """Yield what a statement reads from, given its tree."""
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            yield tree["table_name"]
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _tables(part)


def _has(warehouse: Warehouse, name: str, columns: dict[str, str]) -> bool:
    """Tell whether a view has a validation accuracy of its own."""
    if "valid_accuracy" not in columns:
        return False
    [(count,)] = warehouse.rows(f"select count(valid_accuracy) from {sql_name(name)}")  # noqa: S608
    return bool(count)
