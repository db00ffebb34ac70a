"""`import mbml` is the API: what README and the reference promise, on small made-up tables."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from tables import nasbench101_rows, nasbench201_rows

import mbml
from mbml.datasets import meta_dataset
from mbml.errors import CellError, MbmlError, SourceError, UsageError, WarehouseError
from mbml.store import Warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
WAREHOUSE = "warehouse/mbml.duckdb"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A warehouse of 60 cells after epochs 12 and 200."""
    path = tmp_path_factory.mktemp("loaded") / "mbml.duckdb"
    rows = pl.concat(nasbench201_rows(60, epoch=epoch, trial=777) for epoch in (12, 200))
    mbml.ingest(path, rows)
    return path


@pytest.fixture
def folder(loaded, tmp_path, monkeypatch):
    """A current folder with a warehouse in its usual place."""
    monkeypatch.chdir(tmp_path)
    Path("warehouse").mkdir()
    Path(WAREHOUSE).write_bytes(loaded.read_bytes())
    return tmp_path


@pytest.mark.slow
def test_the_whole_way(folder):
    nasbench201_rows(60, dataset="cifar10-valid").write_parquet("more.parquet")
    db = mbml.open(WAREHOUSE)
    [report] = mbml.ingest(WAREHOUSE, "table", "more.parquet")
    assert (report.runs, report.architectures) == (60, 0)
    assert db.views().filter(view=VIEW)["rows"].item() == 60
    assert db.view(VIEW).height == 60
    assert db.sql("select count(*) as n from run where trial > $x", {"x": 1}).item() == 60
    cell = mbml.cell("nasbench201", 28)
    assert set(db.results(cell)["dataset"]) == {"cifar100", "cifar10-valid"}
    assert db.curve(cell, "cifar100")["epoch"].to_list() == [12, 200]
    trained = mbml.train(db, VIEW, predictor="bayesian_ridge", train_size=20, seed=0)
    assert trained.predictor == "bayesian_ridge"
    grid = mbml.Grid(views=VIEW, predictors="dummy", train_sizes=20)
    [fit] = mbml.evaluate(db, grid)
    assert fit["held_out"] == 40
    found = mbml.search(db, VIEW, budget=5)
    assert len(found.traces[0].steps) == 5
    assert db.sql("select count(*) from results.search").item() == 1
    assert mbml.report(db, "out").is_file()
    assert Path(mbml.export(db, VIEW, "out")).is_file()
    model = mbml.load_model("pretrained:nasbench201-cifar100")
    assert model.predict([cell]).height == 1
    assert mbml.rank("nasbench201", model, count=2).height == 2
    db.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_text_or_a_path(folder, kind):
    path = kind(WAREHOUSE)
    with mbml.open(path) as db:
        assert not db.writes
    mbml.train(path, meta_dataset(VIEW), predictor="dummy", train_size=20)
    mbml.search(path, meta_dataset(VIEW), budget=mbml.Budget(3))
    mbml.evaluate(path, mbml.Grid(views=[VIEW], predictors=["dummy"], train_sizes=[20]))
    assert type(mbml.export(path, meta_dataset(VIEW), kind("out"))) in (kind, type(Path("x")))
    mbml.report(path, kind("out"))


@pytest.mark.parametrize("name", sorted(set(mbml.__all__) - {"__version__", "errors"}))
def test_examples(folder, name):
    found = getattr(mbml, name)
    tests = doctest.DocTestFinder(recurse=False).find(found, name, globs={"pl": pl})
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS
        | doctest.IGNORE_EXCEPTION_DETAIL
        | doctest.NORMALIZE_WHITESPACE
    )
    for test in tests:
        runner.run(test)
    assert runner.failures == 0
    if inspect.isfunction(found):
        assert runner.tries > 0
        assert "Raises\n" in inspect.getdoc(found)
    if name == "open":
        assert all(one.annotation for one in inspect.signature(found).parameters.values())


@pytest.mark.parametrize("method", ["sql", "views", "view", "results", "curve"])
def test_examples_of_a_warehouse(folder, method):
    found = getattr(Warehouse, method)
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder(recurse=False).find(found, method, globs={}):
        runner.run(test)
    assert runner.tries > 0
    assert runner.failures == 0


def test_importing_takes_nothing_slow():
    code = "import sys, mbml; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"sklearn", "xgboost", "scipy", "polars", "duckdb", "pyarrow", "numpy", "typer"}
    assert slow.isdisjoint(name.partition(".")[0] for name in done.stdout.split())


def test_python_dash_m_is_the_command():
    command = [sys.executable, "-m", "mbml", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"mbml {mbml.__version__}\n"


@pytest.mark.parametrize("given", [28, "28", (2, 0, 3, 1, 4, 0), "(2, 0, 3, 1, 4, 0)"])
def test_a_cell_of_nasbench201(given):
    cell = mbml.cell("nasbench201", given)
    assert mbml.cell("nasbench201", cell.format()) == cell == mbml.cell("nasbench201", cell)


def test_the_order_of_naslib_is_kept():
    """NASLib numbers edges by their source: (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)."""
    cell = mbml.cell("nasbench201", (4, 3, 2, 1, 0, 0))
    assert cell.format() == (
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|none~1|+|nor_conv_3x3~0|skip_connect~1|skip_connect~2|"
    )


def test_cells_of_the_other_spaces():
    ends = mbml.cell("nasbench101", ([[0, 1], [0, 0]], ["input", "output"]))
    assert ends == mbml.cell("nasbench101", "0100:input,output")
    assert ends == mbml.cell("nasbench101", (0, 1, 0, 0, 0, 1))
    assert mbml.cell("natsbench_sss", (8, 16, 24, 32, 64)).format() == "8:16:24:32:64"
    assert mbml.cell("natsbench_sss", 1) == mbml.cell("natsbench_sss", "8:8:8:8:16")


def test_a_module_hash_needs_no_warehouse():
    cell = mbml.cell("nasbench101", "010001000:input,maxpool3x3,output")
    assert mbml.cell("nasbench101", cell.graph_id) == cell


@pytest.mark.parametrize(
    ("space", "given"),
    [
        ("nasbench201", -1),
        ("nasbench201", 15_625),
        ("nasbench201", None),
        ("nasbench201", 2.5),
        ("nasbench201", (1, 2)),
        ("nasbench201", (1, 2, 3, 4, 5, 0)),
        ("nasbench201", "(1, x)"),
        ("nasbench101", 5),
        ("nasbench101", (1, 2, 3)),
        ("nasbench101", (1, 2)),
        ("natsbench_sss", (1.5, 2)),
    ],
)
def test_what_is_not_a_cell_is_refused(space, given):
    with pytest.raises(CellError):
        mbml.cell(space, given)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda db: mbml.open(3),
        lambda db: mbml.open("nowhere.duckdb"),
        lambda db: mbml.cell(3, 1),
        lambda db: mbml.train(db, "nothing"),
        lambda db: mbml.train(db, ["a list"]),
        lambda db: mbml.train(db, VIEW, predictor=3),
        lambda db: mbml.train(db, VIEW, features=3),
        lambda db: mbml.train(db, VIEW, train_size="20"),
        lambda db: mbml.train(db, VIEW, train_size=20, seed="0"),
        lambda db: mbml.train(db, VIEW, train_size=20, split=3),
        lambda db: mbml.search(db, VIEW, budget="50"),
        lambda db: mbml.search(db, VIEW, strategy=3),
        lambda db: mbml.evaluate(db, "nothing"),
        lambda db: mbml.export(db, "nothing", "out"),
        lambda db: mbml.export(db, VIEW, 3),
        lambda db: mbml.report(db, 3),
        lambda db: mbml.load_model(3),
        lambda db: mbml.load_model("nothing", folder="models"),
        lambda db: mbml.rank("nasbench101", "pretrained:nasbench201-cifar100"),
        lambda db: mbml.rank("nasbench201", "pretrained:nasbench201-cifar100", count=0),
        lambda db: mbml.ingest("new.duckdb", "nowhere.parquet"),
        lambda db: mbml.ingest("new.duckdb", 3),
        lambda db: db.view("nothing"),
        lambda db: db.sql("drop table run"),
        lambda db: db.sql("select 1; select 2"),
        lambda db: db.sql("select $x + $y", {"x": 1}),
        lambda db: db.sql("select $x", {"x": object()}),
        lambda db: db.sql(3),
        lambda db: db.results(3),
        lambda db: db.curve(mbml.cell("nasbench201", 1), "mnist"),
    ],
)
def test_what_is_wrong_is_an_error_of_mbml(folder, wrong):
    with mbml.open(WAREHOUSE) as db, pytest.raises(MbmlError) as refused:
        wrong(db)
    assert "--" not in str(refused.value)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'opened'"):
        mbml.opened  # noqa: B018


@pytest.mark.parametrize("write", [False, True])
def test_sql_takes_parameters_and_is_exact(folder, write):
    with mbml.open(WAREHOUSE, write=write) as db:
        asked = "select $big::hugeint as big, $big::hugeint as big, $t as t -- the end"
        found = db.sql(asked, {"big": 2**100, "t": "a'b"})
        assert found.rows() == [(2**100, 2**100, "a'b")]
        assert found.columns == ["big", "big_1", "t"]
        assert db.sql("select ? + ?;", [1, 2]).item() == 3
        with pytest.raises(UsageError, match="stopped"):
            db.sql("select count(*) from range(100000000000)", time_limit=0.05)
        hidden = pl.DataFrame({"a": [1]})
        with pytest.raises(UsageError, match="hidden"):
            db.sql("select * from hidden")
        assert hidden.height == db.sql("select 1 as one").height


def test_a_view_of_the_user(folder):
    with mbml.open(WAREHOUSE, write=True) as db:
        db.con.execute(f'create view "my best" as select arch_key from {VIEW} limit 3')
        assert db.view("my best").height == 3
        assert db.view(meta_dataset(VIEW))["arch_index"].to_list() == list(range(60))


@pytest.mark.slow
def test_a_frame_is_loaded_as_a_table(folder):
    rows = nasbench101_rows()
    for frame in (rows, rows.lazy(), pa.table(rows.to_arrow())):
        [report] = mbml.ingest("frames.duckdb", "table", frame)
        assert report.records == 4
        assert not report.is_surrogate
    [again] = mbml.ingest("other.duckdb", rows, name="surrogate")
    assert again.is_surrogate


def test_the_same_frame_is_loaded_once_whatever_it_is_of(folder):
    rows = nasbench201_rows(4)
    pieces = pl.concat([rows.head(2), rows.tail(2)], rechunk=False)
    frames = [rows, pieces, rows.lazy(), rows.to_arrow()]
    [first, *others] = [mbml.ingest("once.duckdb", "table", one)[0] for one in frames]
    assert (first.records, first.already_loaded) == (4, False)
    assert [one.already_loaded for one in others] == [True] * 3


@pytest.mark.slow
def test_a_long_frame_in_pieces_is_the_same_source(folder):
    rows = (
        nasbench201_rows(1500, valid_accuracy=0.5, test_accuracy=0.5)
        .drop("epoch")
        .join(pl.DataFrame({"epoch": range(1, 201)}), how="cross")
    )
    pieces = pl.concat(rows.iter_slices(6000), rechunk=False)
    assert pieces.n_chunks() == 50
    assert not mbml.ingest("long.duckdb", rows)[0].already_loaded
    assert mbml.ingest("long.duckdb", pieces)[0].already_loaded


def test_the_columns_of_a_frame_are_named_as_those_of_a_file(folder, caplog):
    frame = pl.DataFrame({"cell": [[4, 0, 3, 1, 4, 3]], "acc": [90.19]})
    same = {"dataset": "cifar10", "schedule_epochs": 200, "trial": 0, "epoch": 200}
    options = {"rename": {"acc": "test_accuracy"}, "percent": "acc", "constants": same}
    [report] = mbml.ingest("named.duckdb", "table", frame, key="cell", name="mine", **options)
    assert report.records == 1
    proxies = frame.select("cell", synflow=pl.lit(2.5))
    [report] = mbml.ingest("named.duckdb", "proxies", proxies, dataset="cifar10", key="cell")
    assert (report.values, report.already_loaded) == (1, False)
    [again] = mbml.ingest("named.duckdb", "proxies", proxies, dataset="cifar10", key="cell")
    assert again.already_loaded
    devices = frame.select(net="cell", edgetpu_latency=pl.lit(-1.0), edgegpu_energy=pl.lit(2.0))
    mbml.ingest("named.duckdb", "devices", devices, dataset="cifar10")
    assert "1 values of edgetpu_latency are -1: not supported" in caplog.text
    with mbml.open("named.duckdb") as db:
        assert db.sql("select test_accuracy from measurement").item() == 0.9019
        values = db.sql("select proxy_synflow, edgegpu_energy_joules from cell_value")
    assert values.rows() == [(2.5, 0.002)]


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("nasbench201", {"percent": "valid_accuracy"}, "in tables alone, not in nasbench201"),
        ("table", {"dataset": "cifar10"}, "`dataset` is for proxies"),
        ("proxies", {}, "which data set were the proxies computed on"),
        ("proxies", {"dataset": "cifar10", "percent": "zen"}, "`percent` is for tables"),
    ],
)
def test_an_option_of_another_kind_is_refused(folder, kind, options, said):
    rows = nasbench201_rows(1).select("arch_str", zen=pl.lit(1))
    with pytest.raises(UsageError, match=said):
        mbml.ingest("kinds.duckdb", kind, rows, **options)


def test_a_frame_that_cannot_be_read_is_refused(folder):
    class Mixed:
        def __arrow_c_stream__(self, schema=None):
            raise TypeError("a column of two types")

    with pytest.raises(UsageError, match="the frame cannot be read: TypeError: a column of two"):
        mbml.ingest("mixed.duckdb", "table", Mixed())
    objects = nasbench201_rows(1).with_columns(notes=pl.Series([object()], dtype=pl.Object))
    for given in (objects, objects.lazy(), pl.LazyFrame({"a": [1]}).select("b")):
        with pytest.raises(UsageError, match="the frame cannot be read: "):
            mbml.ingest("mixed.duckdb", "table", given)


@pytest.mark.parametrize("kind", ["table", "proxies"])
def test_a_message_names_the_frame_and_not_the_file_that_it_was_written_to(folder, kind):
    frame = nasbench201_rows(1).with_columns(epoch=pl.lit("last"))
    more = {"dataset": "cifar10"} if kind == "proxies" else {}
    ignore = [one for one in frame.columns if "acc" in one or one == "dataset"] if more else []
    with pytest.raises(SourceError, match=r"^frame 'mine', row 1, column 'epoch'"):
        mbml.ingest("mine.duckdb", kind, frame, name="mine", ignore=ignore, **more)


def test_a_second_connection_of_duckdb_reads_beside_ours(folder):
    with mbml.open(WAREHOUSE) as db, duckdb.connect(WAREHOUSE, read_only=True) as other:
        assert other.execute("select count(*) from run").fetchall() == db.rows(
            "select count(*) from run"
        )
    with duckdb.connect(WAREHOUSE, read_only=True) as other, mbml.open(WAREHOUSE) as db:
        assert db.sql("select count(*) from run").item() == 60
        with pytest.raises(WarehouseError, match="close it, or open it as duckdb"):
            mbml.search(db, VIEW, budget=3)
        assert db.sql("select count(*) from run").item() == 60
    with (
        duckdb.connect(WAREHOUSE, read_only=True, config={"threads": 1}),
        pytest.raises(WarehouseError, match="without `config`"),
    ):
        mbml.open(WAREHOUSE)


def test_a_query_does_not_drop_the_lock_on_the_file(folder):
    """To close a second instance of DuckDB would; another process could then write."""
    command = [sys.executable, "-c", f"import duckdb; duckdb.connect({WAREHOUSE!r})"]
    with mbml.open(WAREHOUSE) as db:
        db.sql("select 1")
        db.views()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Could not set lock" in done.stderr


def test_a_reader_makes_way_for_a_writer_of_the_process(folder):
    db = mbml.open(WAREHOUSE)
    with mbml.open(WAREHOUSE, write=True) as writer:
        assert writer.sql("select count(*) from run").item() == 60
        with pytest.raises(WarehouseError, match="this process has the file open in another way"):
            db.sql("select 1")
        found = []
        reading = threading.Thread(target=lambda: found.append(db.sql("select 1 as x").item()))
        reading.start()
    reading.join(30)
    assert found == [1]
    assert db.sql("select count(*) from run").item() == 60
    with db.reading(), pytest.raises(WarehouseError, match="while this thread reads it"):
        mbml.open(WAREHOUSE, write=True)
    db.close()


def test_what_a_notebook_shows(folder):
    report = mbml.train(WAREHOUSE, VIEW, predictor="dummy", train_size=20)
    assert "<td>mae</td>" in report._repr_html_()
    assert "oracle_test_accuracy" in mbml.search(WAREHOUSE, VIEW, budget=3)._repr_html_()
    assert "<td>train_size</td>" in mbml.load_model("pretrained:nasbench201-cifar100")._repr_html_()
    for space in ("nasbench201", "natsbench_sss"):
        assert mbml.cell(space, 7)._repr_svg_().startswith("<svg")
    assert mbml.cell("nasbench101", "0100:input,output")._repr_svg_().startswith("<svg")


def test_notes_go_to_the_logger(folder, caplog):
    mbml.search(WAREHOUSE, VIEW, strategy="evolution", budget=3)
    assert any("this is random search" in one.message for one in caplog.records)
    assert {one.name.partition(".")[0] for one in caplog.records} == {"mbml"}


def test_the_kind_of_a_file_is_told_by_its_content(folder):
    with pytest.raises(SourceError, match="is a DuckDB database"):
        mbml.ingest("new.duckdb", WAREHOUSE)
    nasbench201_rows(2).write_csv("rows")
    [report] = mbml.ingest("new.duckdb", "rows")
    assert report.records == 2
