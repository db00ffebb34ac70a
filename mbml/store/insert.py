"""Architectures and runs of a source from where they were set aside into their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from numpy.typing import NDArray


def insert_architectures(
    con: duckdb.DuckDBPyConnection, rows: pa.RecordBatchReader, benchmark: str, first_arch: int
) -> NDArray[np.int64]:
    """Add the architectures not known yet.

    Parameters
    ----------
    con
        The connection, inside the load's transaction.
    rows
        The source's architectures, as `mbml.sources.batch` describes them.
    benchmark
        The benchmark that they belong to.
    first_arch
        The id of the first one that is new.

    Returns
    -------
    The id of each architecture by its ordinal, new or not; -1 for an ordinal that no row has.
    """
    con.register("incoming", rows)
    con.execute("create or replace temp table incoming_architecture as from incoming")
    con.unregister("incoming")
    con.execute(
        """
        insert into architecture by name
        with counted as (
            -- Few lists of operations are distinct, and counting reads them letter by letter.
            select
                operations,
                operation_count(operations, 'conv1x1-bn-relu')
                + operation_count(operations, 'nor_conv_1x1') as conv1x1_count,
                operation_count(operations, 'conv3x3-bn-relu')
                + operation_count(operations, 'nor_conv_3x3') as conv3x3_count,
                operation_count(operations, 'maxpool3x3')
                + operation_count(operations, 'avg_pool_3x3') as pool_count,
                operation_count(operations, 'skip_connect') as skip_count,
                operation_count(operations, 'none') as none_count
            from (select distinct operations from incoming_architecture)
        )
        select
            ? + row_number() over (order by new.arch) - 1 as arch_id,
            ? as benchmark, new.native_index, new.native_key, new.adjacency, new.operations,
            new.nodes, new.edges, new.graph_id, new.functional_id,
            counted.conv1x1_count, counted.conv3x3_count, counted.pool_count,
            counted.skip_count, counted.none_count,
            case when ? = 'nasbench101'
                then ('0x' || left(new.native_key, 15))::bigint
            end as hash_order
        from incoming_architecture as new
        inner join counted on new.operations is not distinct from counted.operations
        where not exists (
            from architecture as held
            where held.benchmark = ? and held.native_key = new.native_key
        )
        order by new.arch
        """,
        [first_arch, *[benchmark] * 3],
    )
    for name in ("nasbench101", "nasbench201", "added"):
        con.execute(f"insert into op by name from {name}_operations(?)", [first_arch])
    found = con.execute(
        """
        select new.arch, held.arch_id
        from incoming_architecture as new
        inner join architecture as held
            on new.native_key = held.native_key and held.benchmark = ?
        """,
        [benchmark],
    ).fetchnumpy()
    con.execute("drop table incoming_architecture")
    arch_ids = np.full(int(found["arch"].max()) + 1, -1, np.int64)
    arch_ids[found["arch"]] = found["arch_id"]
    return arch_ids


def insert_runs(
    con: duckdb.DuckDBPyConnection,
    rows: pa.RecordBatchReader,
    arch_ids: NDArray[np.int64],
    first_run: int,
    source_id: int,
) -> int:
    """Add the runs, each under the id of its architecture, as `insert_architectures` returned it.

    Returns how many were added: a run of an architecture that has no id is not.
    """
    con.register(
        "incoming", pa.RecordBatchReader.from_batches(rows.schema, _mapped(rows, arch_ids))
    )
    [(inserted,)] = con.execute(
        """
        insert into run by name
        select
            incoming.run + ? as run_id, incoming.arch as arch_id, incoming.dataset,
            incoming.schedule_epochs, incoming.trial, incoming.parameters, incoming.flops,
            incoming.latency_seconds, incoming.total_seconds, incoming.seconds_are_measured,
            ? as source_id
        from incoming
        """,
        [first_run, source_id],
    ).fetchall()
    con.unregister("incoming")
    return int(inserted)


def _mapped(rows: pa.RecordBatchReader, arch_ids: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    place = rows.schema.get_field_index("arch")
    for batch in rows:
        arch = batch.column(place).to_numpy()
        known = arch < len(arch_ids)
        known[known] = arch_ids[arch[known]] >= 0
        ids = pa.array(arch_ids[arch[known]].astype(np.uint32))
        kept = batch if known.all() else batch.filter(pa.array(known))
        yield kept.set_column(place, rows.schema.field(place), ids)
