"""Architectures and runs of a source from where they were set aside into their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def insert_architectures(
    con: duckdb.DuckDBPyConnection, rows: pa.RecordBatchReader, benchmark: str, first_arch: int
) -> None:
    """Add the architectures not known yet, and note the id of each row's for `insert_runs`.

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
    """
    con.register("incoming", rows)
    con.execute("create or replace temp table incoming_architecture as from incoming")
    con.unregister("incoming")
    con.execute(
        """
        insert into architecture by name
        select
            ? + row_number() over (order by new.arch) - 1 as arch_id,
            ? as benchmark, new.native_index, new.native_key, new.adjacency, new.operations,
            new.nodes, new.edges, new.graph_id, new.functional_id,
            operation_count(new.operations, 'conv1x1-bn-relu')
            + operation_count(new.operations, 'nor_conv_1x1') as conv1x1_count,
            operation_count(new.operations, 'conv3x3-bn-relu')
            + operation_count(new.operations, 'nor_conv_3x3') as conv3x3_count,
            operation_count(new.operations, 'maxpool3x3')
            + operation_count(new.operations, 'avg_pool_3x3') as pool_count,
            operation_count(new.operations, 'skip_connect') as skip_count,
            operation_count(new.operations, 'none') as none_count,
            case when ? = 'nasbench101'
                then ('0x' || left(new.native_key, 15))::bigint
            end as hash_order
        from incoming_architecture as new
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
    con.execute(
        """
        create or replace temp table arch_id_of as
        select new.arch, held.arch_id
        from incoming_architecture as new
        inner join architecture as held
            on new.native_key = held.native_key and held.benchmark = ?
        """,
        [benchmark],
    )
    con.execute("drop table incoming_architecture")


def insert_runs(
    con: duckdb.DuckDBPyConnection, rows: pa.RecordBatchReader, first_run: int, source_id: int
) -> int:
    """Add the runs, each under the id that `insert_architectures` noted for its architecture.

    Returns how many were added: a run of an architecture that was not noted is not.
    """
    con.register("incoming", rows)
    [(inserted,)] = con.execute(
        """
        insert into run by name
        select
            incoming.run + ? as run_id, arch_id_of.arch_id, incoming.dataset,
            incoming.schedule_epochs, incoming.trial, incoming.parameters, incoming.flops,
            incoming.latency_seconds, incoming.total_seconds, incoming.seconds_are_measured,
            ? as source_id
        from incoming
        inner join arch_id_of on incoming.arch = arch_id_of.arch
        """,
        [first_run, source_id],
    ).fetchall()
    con.unregister("incoming")
    con.execute("drop table arch_id_of")
    return int(inserted)
