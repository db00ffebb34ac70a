"""The queries of docs/queries.md and the ways of docs/opening-the-warehouse.md, as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl
import pytest

from mbml.sources.nasbench101.source import NasBench101Source
from mbml.sources.natsbench import NatsBenchSource
from mbml.sources.tables.table import open_tables
from mbml.spaces import nasbench101
from mbml.store import ingest
from mbml.store.query import query
from mbml.surrogate.nasbench101 import SurrogateCell, draw_cells, write_nasbench101
from mbml.surrogate.natsbench import write_natsbench

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "queries.md").read_text()
QUERIES = dict(re.findall(r"^## (.+?)$.*?```sql\n(.*?)```", PAGE, flags=re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def loaded(new_warehouse, tmp_path_factory):
    """Surrogates of both cell benchmarks, with a cell that they share."""
    folder = tmp_path_factory.mktemp("queries")
    bits, operations = "010001000", "input,conv3x3-bn-relu,output"
    cell = nasbench101.cell(bits, operations)
    shared = SurrogateCell(bits, operations, cell.parameters, cell.graph_id)
    write_nasbench101(folder / "surrogate.tfrecord", [*draw_cells(2000), shared])
    write_natsbench(folder / "surrogate", cells=16, workers=1)
    with new_warehouse(folder / "w.duckdb") as warehouse:
        ingest(warehouse, NasBench101Source(folder / "surrogate.tfrecord"))
        ingest(warehouse, NatsBenchSource(folder / "surrogate"))
    return folder / "w.duckdb"


def test_there_are_more_than_a_dozen():
    assert len(QUERIES) == PAGE.count("\n## ") == PAGE.count("```sql") > 12


@pytest.mark.parametrize("title", QUERIES)
def test_each_runs_and_answers(loaded, title):
    frame = query(loaded, QUERIES[title])
    assert not frame.is_empty()
    assert [name for name in frame.columns if frame[name].null_count() == frame.height] == []


def test_the_python_of_the_page_on_opening(loaded, monkeypatch, capsys):
    page = (DOCS / "opening-the-warehouse.md").read_text()
    # The others need clients that are not installed here.
    block, *_ = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    view, sql = re.findall(r"```sql\n(.*?)```", page, flags=re.DOTALL)
    (loaded.parent / "warehouse").mkdir()
    (loaded.parent / "warehouse" / "mbml.duckdb").hardlink_to(loaded)
    monkeypatch.chdir(loaded.parent)
    exec(block, {})
    assert capsys.readouterr().out.startswith("(16, ")
    assert query(loaded, sql)["comment"].null_count() == 0
    with duckdb.connect(str(loaded)) as con:
        con.execute(view)
    assert query(loaded, "from my_best").columns == ["arch_key", "test_accuracy"]


@pytest.fixture(scope="module")
def real(new_warehouse, real_data, tmp_path_factory):
    """Genuine means and trials of NAS-Bench-201."""
    path = tmp_path_factory.mktemp("real") / "w.duckdb"
    with new_warehouse(path) as warehouse:
        for source in open_tables(real_data / "nasbench201" / "measurements.parquet"):
            ingest(warehouse, source)
    return path


def answer(path, title):
    return query(path, QUERIES[title])


@pytest.mark.slow
@pytest.mark.realdata
def test_answers_over_the_genuine_means(real, real_data):
    """Known figures of release 1.1, and the same reckoned by Polars from the file."""
    [chosen] = answer(real, "Chosen by validation, and the oracle").rows(named=True)
    assert chosen["test_of_chosen"] == pytest.approx(0.735133, abs=1e-6)
    assert chosen["oracle_test_accuracy"] == pytest.approx(0.735133, abs=1e-6)
    assert chosen["regret"] == 0
    rows = pl.read_parquet(real_data / "nasbench201" / "measurements.parquet")
    best = answer(real, "Equivalent cells that differ most")
    assert best.height == 10
    assert best["apart"].is_sorted(descending=True)
    front = answer(real, "Cells that no other beats in both size and accuracy")
    held = rows.filter(dataset="cifar10-valid", schedule_epochs=200)
    assert front["valid_accuracy"][-1] == held["valid_accuracy"].max()
    assert front["valid_accuracy"].is_sorted()
    for parameters, accuracy in front.select("parameters", "valid_accuracy").rows():
        assert held.filter(pl.col("parameters") <= parameters)["valid_accuracy"].max() == accuracy
    [across] = answer(real, "Does a good cell stay good on another data set?").rows(named=True)
    pair = held.select("arch_str").join(
        rows.filter(dataset="cifar10", schedule_epochs=200), on="arch_str"
    )
    pair = pair.join(rows.filter(dataset="cifar100", schedule_epochs=200), on="arch_str")
    assert across["cells"] == 15_625
    assert across["linear_correlation"] == pytest.approx(
        pair.select(pl.corr("test_accuracy", "test_accuracy_right")).item(), rel=1e-9
    )
