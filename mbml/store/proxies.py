"""Loading zero-cost proxies: one transaction, after which all of a file is held, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.store.checks import run_checks
from mbml.store.file_source import source_of_file
from mbml.store.opening import opened
from mbml.store.values import refresh_values

if TYPE_CHECKING:
    from mbml.sources.tables.proxies import Proxies
    from mbml.store.warehouse import Warehouse, WarehouseOrPath


@dataclass(frozen=True, kw_only=True)
class ProxyReport:
    """What a load did.

    Attributes
    ----------
    source_id
        Number of the source in the warehouse.
    already_loaded
        True if the same bytes had been loaded for the same cells before.
    proxies, cells, values
        Different proxies and cells of which values were kept, and the number of values.
    unknown_cells
        Cells of the file that the warehouse does not hold.
    removed, kept
        Values held before for which the file has NULL: removed with `replace`, kept without.
    is_surrogate
        True if the numbers are invented.
    """

    source_id: int
    already_loaded: bool
    proxies: int
    cells: int
    values: int
    unknown_cells: int
    removed: int
    kept: int
    is_surrogate: bool


def ingest_proxies(
    warehouse: WarehouseOrPath, proxies: Proxies, *, replace: bool = False
) -> ProxyReport:
    """Load proxies into a warehouse.

    Parameters
    ----------
    warehouse
        A warehouse, or the path of one.
    proxies
        The values, as `mbml.sources.tables.proxies.read_proxies` gives them.
    replace
        Put the values of the same cells, data set and proxies in the place of those held; where the
        file has NULL, the held value is removed.

    Raises
    ------
    UsageError
        None of the cells is held or has a value, or other values of them are held and `replace` is
        false.
    CheckError
        A value is not finite.
    """
    with opened(warehouse, write=True) as held:
        return held.transaction(lambda: _load(held, proxies, replace))


def _load(warehouse: Warehouse, proxies: Proxies, replace: bool) -> ProxyReport:  # noqa: FBT001
    con = warehouse.con
    con.register("incoming", proxies.values.to_arrow())
    con.execute(
        "create or replace temp table incoming_proxy as"
        " select architecture.arch_id, ? as dataset, incoming.name, incoming.value"
        " from incoming inner join architecture"
        " on architecture.native_key = incoming.native_key and architecture.benchmark = ?",
        [proxies.dataset, proxies.benchmark],
    )
    con.unregister("incoming")
    [(known, names, cells, values)] = warehouse.rows(
        "select count(distinct arch_id), count(distinct name) filter (value is not null),"
        " count(distinct arch_id) filter (value is not null), count(value) from incoming_proxy"
    )
    if known == 0:
        raise UsageError(
            f"{proxies.path}: none of its {proxies.cells:,} cells is in {warehouse.path};"
            f" load measurements of {proxies.benchmark} first"
        )
    if values == 0 and not replace:
        raise UsageError(
            f"{proxies.path}: has no value (only NULL) for the {known:,} of its {proxies.cells:,}"
            f" cells that are in {warehouse.path}; load measurements of the others first"
        )
    held, differing, without = _compare(warehouse)
    if differing and not replace:
        raise UsageError(
            f"{proxies.path}: {differing:,} of its values differ from those held for the same"
            " cells, data set and proxies; `replace=True` puts them in their place"
        )
    source_id = source_of_file(warehouse, proxies, "proxies")
    if held < values or differing or (replace and without):
        con.execute(
            "delete from proxy using incoming_proxy where proxy.arch_id = incoming_proxy.arch_id"
            " and proxy.dataset = incoming_proxy.dataset and proxy.name = incoming_proxy.name"
            " and (? or incoming_proxy.value is not null)",
            [replace],
        )
        con.execute(
            "insert into proxy by name select arch_id, dataset, name, value from incoming_proxy"
            " where value is not null order by dataset, name, arch_id"
        )
    con.execute("drop table incoming_proxy")
    refresh_values(warehouse.con, [proxies.dataset])
    run_checks(warehouse)
    return ProxyReport(
        source_id=source_id,
        already_loaded=held == values and not differing and not (replace and without),
        proxies=names,
        cells=cells,
        values=values,
        unknown_cells=proxies.cells - known,
        removed=without if replace else 0,
        kept=0 if replace else without,
        is_surrogate=proxies.is_surrogate,
    )


def _compare(warehouse: Warehouse) -> tuple[int, int, int]:
    """Count incoming values with one held, those whose held one is another, and NULL for held ones.

    Held proxies without a value count as not held.
    """
    [counts] = warehouse.rows(
        "select count(incoming_proxy.value),"
        " count(*) filter (proxy.value <> incoming_proxy.value),"
        " count(*) filter (incoming_proxy.value is null)"
        " from incoming_proxy inner join proxy using (arch_id, dataset, name)"
        " where proxy.value is not null"
    )
    held, differing, without = counts
    return held, differing, without
