"""`cell_metric` is what `cell_summary` gives, whichever way a load computed it."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.nasbench201.source import NasBench201Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.store import ingest, load, staging, summary
from mbml.store.batch_summary import summarise
from mbml.store.summary import wrong_summaries
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101
from mbml.surrogate.nasbench201 import write_nasbench201
from mbml.surrogate.natsbench import write_natsbench


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of each benchmark in its original format."""
    folder = tmp_path_factory.mktemp("files")
    write_nasbench101(folder / "surrogate.tfrecord", draw_cells(8))
    write_nasbench201(folder / "surrogate.pth", cells=4)
    write_natsbench(folder / "surrogate_tss", cells=3)
    return folder


def sources(folder):
    return {
        "nasbench101": NasBench101Source(folder / "surrogate.tfrecord"),
        "nasbench201": NasBench201Source(folder / "surrogate.pth"),
        "natsbench": NatsBenchSource(folder / "surrogate_tss"),
    }


class _Source:
    """The batches of a source, changed."""

    release = None

    def __init__(self, source, change):
        self.path, self.files = source.path, source.files
        self.benchmark, self.format = source.benchmark, source.format
        self._source, self._change = source, change

    def batches(self):
        return self._change(list(self._source.batches()))


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201", "natsbench"])
def test_an_original_file_is_summarised_as_it_is_read(files, warehouse, monkeypatch, name):
    def by_sql(*_):
        raise AssertionError("SQL summarised it")

    monkeypatch.setattr(load, "refresh_summary", by_sql)
    ingest(warehouse, sources(files)[name])
    assert warehouse.rows("select count(*) > 0 from cell_metric") == [(True,)]
    assert wrong_summaries(warehouse) == 0


@pytest.mark.parametrize("sparse", [0, 4])
def test_cells_in_pieces_are_summarised_by_sql(files, warehouse, monkeypatch, sparse):
    """In ranges, or named one by one where they lie far apart."""
    monkeypatch.setattr(summary, "_SPARSE", sparse)
    monkeypatch.setattr(summary, "_NAMED", 3)
    path = files / "surrogate.tfrecord"
    ingest(warehouse, NasBench101Source(path, piece_bytes=4_000))
    assert wrong_summaries(warehouse) == 0
    [(rows,)] = warehouse.rows("select count(*) from cell_metric")
    assert rows == 8 * 4 * 3


def test_one_cell_of_many_in_pieces(files, warehouse):
    """Only the cells that are scattered are named to SQL."""

    def cut(batches):
        [batch] = batches
        none = {"architectures": batch.architectures.slice(0, 0), "records": 0}
        first = batch.runs.slice(0, 1)
        its_rows = batch.epochs.column("run").to_numpy() == first.column("run")[0].as_py()
        yield replace(batch, runs=first, epochs=batch.epochs.filter(pa.array(its_rows)))
        rest = batch.epochs.filter(pa.array(~its_rows))
        yield replace(batch, runs=batch.runs.slice(1), epochs=rest, **none)

    ingest(warehouse, _Source(sources(files)["nasbench101"], cut))
    assert wrong_summaries(warehouse) == 0


def test_schedules_beyond_number_are_summarised_by_sql(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "_MOST_FILES", 3)
    rows = nasbench201_rows(8).with_columns(
        trial=pl.lit(777), schedule_epochs=pl.int_range(200, 208), epoch=pl.int_range(200, 208)
    )
    load_rows(warehouse, rows, tmp_path / "a.parquet")
    assert warehouse.rows("select count(*) from cell_metric") == [(8,)]
    assert wrong_summaries(warehouse) == 0


def test_a_mean_does_not_depend_on_the_order_of_trials(files):
    """Batches list the trials of a cell as the file does."""
    [batch] = sources(files)["nasbench201"].batches()
    order = np.arange(batch.runs.num_rows)[::-1]
    run = batch.runs.column("run").to_numpy()
    backwards = batch.runs.take(order)
    backwards = backwards.set_column(0, backwards.schema.field(0), pa.array(run))
    renamed = pa.array((len(run) - 1 - batch.epochs.column("run").to_numpy()).astype(np.uint32))
    epochs = batch.epochs.set_column(0, batch.epochs.schema.field(0), renamed)
    epochs = epochs.sort_by([("run", "ascending"), ("epoch", "ascending")])
    other = replace(batch, runs=backwards, epochs=epochs)
    pieces = zip(summarise(batch, "nasbench201"), summarise(other, "nasbench201"), strict=True)
    for mine, theirs in pieces:
        assert mine.summary.equals(theirs.summary)


def test_what_is_not_measured_by_all_trials_is_a_mean_of_those_that_have_it(files, warehouse):
    def with_gaps(batches):
        for batch in batches:
            epochs = batch.epochs
            gaps = np.arange(epochs.num_rows) % 7 == 0
            for name in ("train_loss", "test_accuracy"):
                place = epochs.schema.get_field_index(name)
                values = epochs.column(name).to_numpy().copy()
                values[gaps] = np.nan
                values = pa.array(values, from_pandas=True)
                epochs = epochs.set_column(place, epochs.schema.field(place), values)
            yield replace(batch, epochs=epochs)

    ingest(warehouse, _Source(sources(files)["nasbench201"], with_gaps))
    assert wrong_summaries(warehouse) == 0


def test_counts_that_differ_between_trials(files, warehouse):
    """Those of trial 888, or else of the first trial that has them."""

    def with_other_counts(batches):
        for batch in batches:
            runs, trial = batch.runs, batch.runs.column("trial").to_numpy()
            unknown = (trial == 888) & (np.arange(len(trial)) % 2 == 0) | (trial == 777)
            for name in ("parameters", "flops"):
                place = runs.schema.get_field_index(name)
                field = runs.schema.field(place)
                counts = pa.array(1000 + trial, field.type, mask=unknown)
                runs = runs.set_column(place, field, counts)
            yield replace(batch, runs=runs)

    ingest(warehouse, _Source(sources(files)["nasbench201"], with_other_counts))
    found = warehouse.rows("select distinct parameters from cell_metric order by all")
    assert (1888,) in found
    assert wrong_summaries(warehouse) == 0


def test_half_time_is_of_one_benchmark_also_where_ids_lie_between(warehouse, tmp_path):
    """A second table of NAS-Bench-101 brings more of a schedule that others also have."""
    same = {"dataset": "cifar10", "schedule_epochs": 12, "trial": 1}
    parts = [nasbench101_rows(**same, epoch=epoch) for epoch in (6, 12)]
    between = [nasbench201_rows(2, **same, epoch=epoch) for epoch in (6, 12)]
    load_rows(warehouse, pl.concat(one[:2] for one in parts), tmp_path / "first.parquet")
    load_rows(warehouse, pl.concat(between), tmp_path / "other.parquet")
    load_rows(warehouse, pl.concat(parts), tmp_path / "all.parquet")
    mine = warehouse.rows("select count(halfway_test_accuracy) from cell_metric where epoch = 12")
    assert mine == [(parts[0].height,)]
    others = warehouse.rows(
        "select count(*) from cell_metric inner join architecture using (arch_id)"
        " where benchmark <> 'nasbench101' and halfway_test_accuracy is not null"
    )
    assert others == [(0,)]
    assert wrong_summaries(warehouse) == 0


@pytest.mark.parametrize("column", ["test_accuracy", "test_accuracy_std", "trials", "epoch"])
def test_verify_tells_of_a_summary_that_is_not_as_defined(files, new_warehouse, tmp_path, column):
    path = tmp_path / "w.duckdb"
    with new_warehouse(path) as warehouse:
        ingest(warehouse, sources(files)["nasbench101"])
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"update cell_metric set {column} = {column} / 2"
            " where arch_id = 3 and schedule_epochs = 108"
        )
    done = CliRunner().invoke(app, ["verify", "--warehouse", str(path), "--json"])
    [one] = [one for one in json.loads(done.stdout) if one["subject"] == "summary_is_as_defined"]
    assert one["failed"]
