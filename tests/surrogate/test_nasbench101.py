"""Surrogate record files: the official form to the byte, invented numbers, a name that says so."""

from __future__ import annotations

import base64
import json

import polars as pl
import pytest
from records import expected_of, oracle, payload, read, split

from mbml.errors import UsageError
from mbml.sources.nasbench101.source import CONTENT, NasBench101Source
from mbml.surrogate.nasbench101 import SurrogateCell, draw_cells, write_nasbench101


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """The path of a file of 300 cells, and the cells."""
    cells = draw_cells(300, seed=1)
    path = tmp_path_factory.mktemp("surrogate") / "surrogate.tfrecord"
    assert write_nasbench101(path, cells, seed=5) == 3_600
    return path, cells


def test_an_independent_reader_finds_what_the_source_reads(some):
    path, _ = some
    assert expected_of(read(path)) == oracle(split(path.read_bytes()))


def test_all_of_it_has_the_official_shapes(some, monkeypatch):
    monkeypatch.setattr("mbml.sources.nasbench101.decode.parse_record", None)
    assert len(read(some[0])) == 3_600 * 3


def test_a_record_is_what_the_official_writer_makes_of_it(some):
    lengths = set()
    for one in split(some[0].read_bytes()):
        module_hash, epochs, bits, operations, text = json.loads(one)
        metrics = base64.b64decode(text)
        lengths.add(len(metrics))
        again = payload(
            metrics, module_hash=module_hash, epochs=epochs, bits=bits, operations=operations
        )
        assert one == again
    assert lengths == {154, 155}


def test_cells_are_sorted_and_trained_as_in_the_official_file(some):
    path, cells = some
    runs = read(path)[::3]
    assert [row["native_key"] for row in runs[::12]] == sorted(cell.module_hash for cell in cells)
    assert [row["schedule_epochs"] for row in runs[:12]] == [4, 12, 36, 108] * 3
    assert [row["trial"] for row in runs[:12]] == [1] * 4 + [2] * 4 + [3] * 4


def test_numbers_are_plausible_and_rounded_as_the_official_ones(some):
    rows = pl.DataFrame(expected_of(read(some[0])))
    names = ("train_accuracy", "valid_accuracy", "test_accuracy")
    for name in names:
        steps = rows[name] * 9984
        assert (steps - steps.round()).abs().max() < 1e-3
        assert rows[name].cast(pl.Float32).cast(pl.Float64).equals(rows[name])
    last = rows.filter(pl.col("epoch") == pl.col("schedule_epochs"))
    means = last.group_by("schedule_epochs").agg(pl.col("valid_accuracy").mean())
    ascending = means.sort("schedule_epochs")["valid_accuracy"].to_list()
    for mean, published in zip(ascending, [0.279, 0.527, 0.842, 0.902], strict=True):
        assert mean == pytest.approx(published, abs=0.05)
    assert last["total_seconds"].gt(last["train_seconds"]).all()


def test_a_cell_has_the_same_numbers_in_every_file(some, tmp_path):
    path, cells = some
    fewer = tmp_path / "surrogate.tfrecord"
    write_nasbench101(fewer, reversed(cells[:7]), seed=5)
    keys = {cell.module_hash for cell in cells[:7]}
    rows = [row for row in expected_of(read(path)) if row["native_key"] in keys]
    assert expected_of(read(fewer)) == rows


def test_the_seed_decides_the_bytes(tmp_path):
    cells = draw_cells(20)
    written = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        path = tmp_path / f"{name}_surrogate"
        write_nasbench101(path, cells, seed=seed)
        written[name] = path.read_bytes()
    assert written["a"] == written["b"]
    assert len(written["a"]) == len(written["c"])
    assert written["a"] != written["c"]


def test_the_numbers_of_a_seed_stay(tmp_path):
    cell = SurrogateCell("0100", "input,output", 227_274, "043721b9c7fe8c5fad811d47d83132ec")
    path = tmp_path / "surrogate"
    assert write_nasbench101(path, [cell], schedules=(108,), repeats=1) == 1
    # Rounded to 1/9984, so that the last bits of a machine's arithmetic do not matter.
    assert read(path)[2]["valid_accuracy"] == 0.8481570482254028


def test_draws_are_of_distinct_legal_cells():
    cells = draw_cells(2_000, seed=3)
    assert len({cell.module_hash for cell in cells}) == 2_000
    assert draw_cells(2_000, seed=3) == cells
    for count in (0, 423_625):
        with pytest.raises(UsageError, match="the space has 1 to 423,624 to give"):
            draw_cells(count)


def test_a_name_that_hides_it_is_refused(tmp_path):
    with pytest.raises(UsageError, match="the name must contain 'surrogate'"):
        write_nasbench101(tmp_path / "nasbench_full.tfrecord", draw_cells(1))
    with pytest.raises(UsageError, match="is no folder"):
        write_nasbench101(tmp_path / "no" / "surrogate", draw_cells(1))
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_file_leaves_nothing(tmp_path):
    bad = SurrogateCell("0100", "input,output", 5, "043721b9c7fe8c5fad811d47d83132ec")
    with pytest.raises(ValueError, match="does not take three or four bytes"):
        write_nasbench101(tmp_path / "surrogate", [bad])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.realdata
@pytest.mark.slow
def test_a_file_of_all_cells_has_the_size_of_the_published_one(real_data, tmp_path):
    table = pl.read_parquet(
        real_data / "nasbench101" / "measurements.parquet",
        columns=["adjacency", "operations", "parameters", "module_hash"],
    ).unique("module_hash")
    cells = [SurrogateCell(*row) for row in table.iter_rows()]
    path = tmp_path / "surrogate_full.tfrecord"
    assert write_nasbench101(path, cells) == CONTENT["full"][0]
    assert path.stat().st_size == 2_085_986_016
    source = NasBench101Source(path)
    assert sum(batch.records for batch in source.batches()) == 5_083_488
    assert source.release == "full"
