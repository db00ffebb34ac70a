"""Loading zero-cost proxies: one transaction, after which all of a file is held, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mbml._version import __version__
from mbml.errors import UsageError
from mbml.sources.checksum import check_unchanged, checksum
from mbml.sources.naming import is_surrogate

if TYPE_CHECKING:
    from mbml.sources.tables.proxies import Proxies
    from mbml.store.warehouse import Warehouse


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
    is_surrogate
        True if the numbers are invented.
    """

    source_id: int
    already_loaded: bool
    proxies: int
    cells: int
    values: int
    unknown_cells: int
    is_surrogate: bool


def ingest_proxies(warehouse: Warehouse, proxies: Proxies, *, replace: bool = False) -> ProxyReport:
    """Load proxies into a warehouse that is open for writing.

    Parameters
    ----------
    warehouse
        The warehouse.
    proxies
        The values, as `mbml.sources.tables.proxies.read_proxies` gives them.
    replace
        Put other values of the same cells, data set and proxies in the place of those held.

    Raises
    ------
    UsageError
        None of the cells is held, or other values of them are and `replace` is false.
    """
    return warehouse.transaction(lambda: _load(warehouse, proxies, replace))


def _load(warehouse: Warehouse, proxies: Proxies, replace: bool) -> ProxyReport:  # noqa: FBT001
    con = warehouse.con
    con.register("incoming", proxies.values.to_arrow())
    con.execute(
        "create or replace temp table incoming_proxy as"
        " select architecture.arch_id, ?::dataset_name as dataset, incoming.name, incoming.value"
        " from incoming inner join architecture"
        " on architecture.native_key = incoming.native_key and architecture.benchmark = ?",
        [proxies.dataset, proxies.benchmark],
    )
    con.unregister("incoming")
    [(names, cells, values)] = warehouse.rows(
        "select count(distinct name), count(distinct arch_id), count(*) from incoming_proxy"
    )
    if cells == 0:
        raise UsageError(
            f"{proxies.path}: none of its {proxies.cells:,} cells is in {warehouse.path};"
            f" load measurements of {proxies.benchmark} first"
        )
    held, differing = _compare(warehouse)
    if differing and not replace:
        raise UsageError(
            f"{proxies.path}: {differing:,} of its values differ from those held for the same"
            " cells, data set and proxies; --replace puts them in their place"
        )
    source_id = _source(warehouse, proxies)
    if held < values or differing:
        con.execute(
            "delete from proxy using incoming_proxy where proxy.arch_id = incoming_proxy.arch_id"
            " and proxy.dataset = incoming_proxy.dataset and proxy.name = incoming_proxy.name"
        )
        con.execute(
            "insert into proxy select arch_id, dataset, name, value from incoming_proxy"
            " order by dataset, name, arch_id"
        )
    con.execute("drop table incoming_proxy")
    return ProxyReport(
        source_id=source_id,
        already_loaded=held == values and not differing,
        proxies=names,
        cells=cells,
        values=values,
        unknown_cells=proxies.cells - cells,
        is_surrogate=is_surrogate(proxies.path),
    )


def _compare(warehouse: Warehouse) -> tuple[int, int]:
    """Count the incoming values that have one held, and those whose held one is another."""
    [(held, differing)] = warehouse.rows(
        "select count(*), count(*) filter (proxy.value is distinct from incoming_proxy.value)"
        " from incoming_proxy inner join proxy using (arch_id, dataset, name)"
    )
    return held, differing


def _source(warehouse: Warehouse, proxies: Proxies) -> int:
    """Return the number of the file among the sources, added if it is new."""
    mark = checksum((proxies.path,))
    check_unchanged((proxies.path,), proxies.stamps)
    known = warehouse.rows(
        "select source_id from source where sha256 = ? and format = 'proxies'", [mark.sha256]
    )
    if known:
        return int(known[0][0])
    [(source_id,)] = warehouse.rows("select coalesce(max(source_id), 0) + 1 from source")
    warehouse.con.execute(
        "insert into source by name select ? as source_id, ? as benchmark, 'proxies' as format,"
        " ? as file_name, ? as sha256, ? as bytes, ? as records, ? as is_surrogate,"
        " ? as mbml_version, ? as loaded_at",
        [
            source_id,
            proxies.benchmark,
            proxies.path.name,
            mark.sha256,
            mark.bytes,
            proxies.cells,
            is_surrogate(proxies.path),
            __version__,
            datetime.now(UTC),
        ],
    )
    return int(source_id)
