"""A benchmark of another package, from its file to the report: `tests/helpers/mbml_toy`."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import mbml_toy
import pyarrow as pa
import pytest
from mbml_toy.space import NETWORKS
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.plugins import installed
from mbml.sources.registry import open_sources
from mbml.store import ingest

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

FOLDER = Path(mbml_toy.__file__).parent
VIEW = "meta_toy_shapes_4epochs"
CELL = "plain>wide>wide>plain"


def mbml(*arguments, expect=0):
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == expect, done.stderr or done.stdout
    assert "Traceback" not in done.stderr
    return done


def told(*arguments):
    return json.loads(mbml(*arguments, "--json").stdout)


def install(site, version="1.0", entry="toy = mbml_toy:TOY"):
    """Install the package in a folder, in place of another version of it."""
    for info in site.glob("*.dist-info"):
        shutil.rmtree(info)
    shutil.copytree(FOLDER, site / "mbml_toy", dirs_exist_ok=True)
    info = site / f"mbml_toy-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mbml-toy\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[mbml.spaces]\n{entry}\n")
    forget()


def uninstall(site):
    shutil.rmtree(next(site.glob("*.dist-info")))
    forget()


def forget():
    """Packages are looked through once a process; here they come and go."""
    installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith("mbml_toy")]:
        del sys.modules[name]


def write_lines(path):
    """Wide layers help, the more the later they are."""
    lines = ["toybench 1"]
    for network in NETWORKS:
        gain = sum(0.02 * place for place, kind in enumerate(network.layers, 1) if kind == "wide")
        lines += [
            f"{network.format()} epoch={epoch} valid={0.5 + 0.02 * epoch + gain:.3f}"
            f" test={0.49 + 0.02 * epoch + gain:.3f} seconds={2 * epoch}"
            for epoch in (2, 4)
        ]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The folder where the package is installed; the current folder is another, with a file."""
    folder, work = tmp_path / "site", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    install(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(work)
    monkeypatch.delenv("MBML_WAREHOUSE", raising=False)
    write_lines(work / "surrogate.toy")
    yield folder
    forget()


def test_from_the_file_to_predictions(site):
    [loaded] = told("ingest", "toy", "surrogate.toy")
    assert (loaded["benchmark"], loaded["new_architectures"], loaded["epochs"]) == ("toy", 16, 32)
    views = {one["view"]: one for one in told("views", "--all")}
    assert (views[VIEW]["rows"], views[VIEW]["made_by"]) == (16, "package mbml-toy 1.0")
    assert views["meta_nasbench101_108epochs"]["made_by"] == "mbml"
    roles = {one["column"]: one for one in told("describe", VIEW)}
    assert roles["wide_layers"]["role"] == "feature"
    assert roles["wide_layers"]["meaning"] == "Wide layers of the network"
    assert roles["valid_accuracy"]["meaning"] is not None
    [best] = told(
        "query",
        f"select arch_key, max(test_accuracy) as best from {VIEW}"
        " group by all order by best desc limit 1",
    )
    assert best == {"arch_key": "wide>wide>wide>wide", "best": pytest.approx(0.77)}

    features = ("--features", "topology", "--train-size", 10)
    scores = told("train", VIEW, "--predictor", "linear_regression", *features, "--save", "line")
    assert scores["surrogate"]
    assert told("rank", "toy", "--model", "line", "-n", 3)[0]["rank"] == 1
    assert told("predict", "line", CELL)[0]["arch_key"] == CELL
    mbml("train", VIEW, "--predictor", "dummy", "--features", "topology+curve:2", *features[2:])


def test_searches_of_its_views(site):
    mbml("ingest", "toy", "surrogate.toy")
    for strategy in ("random", "evolution", "guided"):
        mbml("search", VIEW, "--strategy", strategy, "--budget", 5)
    said = mbml("search", VIEW, "--strategy", "optuna", "--budget", 5, expect=2).stderr
    assert "optuna cannot search toy" in said
    assert mbml("verify").exit_code == 0


@pytest.mark.slow
def test_a_report_with_and_without_the_package(site):
    mbml("ingest", "toy", "surrogate.toy")
    grid = ("--predictor", "dummy", "--features", "topology", "--train-size", 10, "--seed", 0)
    mbml("evaluate", VIEW, *grid)
    mbml("search", VIEW, "--strategy", "random", "--budget", 5)
    assert "Toy benchmark" in Path(mbml("report").stdout.strip()).read_text()
    uninstall(site)
    assert VIEW in Path(mbml("report").stdout.strip()).read_text()


class WithOperations:
    """A source that lists the layers as operations, of names that mbml does not know."""

    def __init__(self, source):
        self.source = source
        self.path, self.benchmark, self.format = source.path, source.benchmark, source.format
        self.files, self.release = source.files, None

    def batches(self):
        for batch in self.source.batches():
            cells = batch.architectures
            keys = cells.column("native_key").to_pylist()
            layers = pa.array([key.replace(">", ",") for key in keys], pa.string())
            place = cells.schema.get_field_index("operations")
            cells = cells.set_column(place, cells.schema.field(place), layers)
            yield replace(batch, architectures=cells)


def test_operations_of_any_name_are_listed(site, warehouse):
    [source] = open_sources("toy", Path("surrogate.toy"))
    ingest(warehouse, WithOperations(source))
    listed = "select op, count(*) from op group by all order by all"
    assert warehouse.rows(listed) == [("plain", 32), ("wide", 32)]
    assert warehouse.rows("select max(conv3x3_count + skip_count) from architecture") == [(0,)]
    assert warehouse.rows("from operation_graph") == []


def test_exports(site):
    mbml("ingest", "toy", "surrogate.toy")
    assert mbml("export", VIEW, "--to", "out").stdout.strip().endswith(f"{VIEW}_surrogate.parquet")
    mbml("export", "measurement", "--to", "out", "--one-file")
    again = ("ingest", "table", "out/measurement_surrogate.parquet", "--warehouse", "again.duckdb")
    assert told(*again)[0]["benchmark"] == "toy"
    count = f"select count(*) as rows from {VIEW}"
    assert told("query", count, "--warehouse", "again.duckdb") == [{"rows": 16}]
    folder = mbml("export-tables", "--to", "travel").stdout.strip()
    with duckdb.connect() as con:
        con.execute(mbml("open-parquet", folder).stdout)
        assert con.execute(count).fetchall() == [(16,)]


def test_cells_need_no_warehouse(site):
    found = told("cell", CELL, "--features", "topology")
    assert (found["space"], found["parameters"], found["equivalents"]) == ("toy", 200, [])
    assert found["features"]["wide_sum"] == 2
    assert CELL in mbml("cell", CELL, "--svg", "cell.svg").stdout
    assert len(told("neighbours", CELL)) == 4
    assert len({one["arch"] for one in told("sample", "toy", "-n", 16)}) == 16
    assert "did you mean 'toy'" in mbml("sample", "toi", expect=2).stderr
    assert "plain or wide" in mbml("ingest", "toy", damaged("plain>tall"), expect=5).stderr
    assert "line 1" in mbml("ingest", "toy", damaged("", "toybench 2"), expect=5).stderr


def damaged(line, first="toybench 1"):
    Path("damaged.toy").write_text(f"{first}\n{line} epoch=4 valid=1 test=1 seconds=1\n")
    return "damaged.toy"


def test_without_the_package_the_warehouse_opens_and_says_what_is_missing(site):
    mbml("ingest", "toy", "surrogate.toy")
    uninstall(site)
    views = {one["view"]: one for one in told("views")}
    assert views[VIEW]["rows"] == 16
    assert views[VIEW]["made_by"] == "package mbml-toy 1.0, not installed"
    assert told("query", f"select count(*) as rows from {VIEW}") == [{"rows": 16}]
    for command in (("train", VIEW), ("evaluate", VIEW), ("search", VIEW)):
        said = mbml(*command, expect=2).stderr
        assert f"{VIEW} is a view of package mbml-toy 1.0, not installed" in said
    mbml("verify")


def test_another_version_brings_its_views(site):
    mbml("ingest", "toy", "surrogate.toy")
    file = site / "mbml_toy" / "sql" / "views.sql"
    text = file.read_text()
    install(site, "1.1")
    file.write_text(f"{text}\ncreate or replace view toy_more as select 1 as x;")
    assert {one["made_by"] for one in told("views", "toy")} == {"package mbml-toy 1.1"}
    assert told("query", "from toy_more") == [{"x": 1}]
    install(site, "1.2")
    assert len(told("views", "toy")) == 2
    of_one_row = text.replace("toy_meta_dataset(2)", "(select 1 as x)")
    for version, broken in (
        ("1.3", "create view broken as from nowhere;"),
        ("1.4", of_one_row),
        ("1.5", f"{of_one_row}\ndrop view nowhere;"),
    ):
        install(site, version)
        file.write_text(broken)
        assert len(told("query", "from meta_toy_shapes_2epochs")) == 16


TWO_VIEWS = (
    "create or replace view meta_toy_shapes_2epochs as\n{0};\n"
    "create or replace view meta_toy_shapes_4epochs as\n{0};"
)


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("create table toy_rows (x integer);", "makes table toy_rows, not only views and macros"),
        ("create view measurement as select 1 as x;", "is there already, made by another"),
        ("select 1;", "it makes no view meta_toy_shapes_2epochs"),
        (TWO_VIEWS.format("from nowhere"), "nowhere does not exist"),
        (TWO_VIEWS.format("from op"), "view meta_toy_shapes_2epochs lacks the column arch_key"),
    ],
)
def test_sql_that_cannot_be_used_ends_the_load_alone(site, sql, problem):
    (site / "mbml_toy" / "sql" / "views.sql").write_text(sql)
    said = mbml("ingest", "toy", "surrogate.toy", expect=1).stderr
    assert "benchmark 'toy' of package mbml-toy 1.0 has SQL that cannot be" in said
    assert problem in said
    assert not Path("warehouse/mbml.duckdb").exists()


def test_a_name_of_the_user_is_not_taken(site):
    mbml("ingest", "toy", damaged(CELL), "--warehouse", "w.duckdb")
    with duckdb.connect("w.duckdb") as con:
        con.execute(f"create or replace view {VIEW} as select 'mine' as whose")
    said = mbml("ingest", "toy", "surrogate.toy", "--replace", "--warehouse", "w.duckdb", expect=3)
    assert f"objects that it did not make have them: view {VIEW}" in said.stderr
    assert told("query", f"from {VIEW}", "--warehouse", "w.duckdb") == [{"whose": "mine"}]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("toy = mbml_absent:TOY", "cannot be imported: ModuleNotFoundError"),
        ("toy = mbml_toy:FOLDER", "cannot be imported: AttributeError"),
        ("toy = mbml_toy:Path", "where an mbml.benchmarks.Benchmark of that name is wanted"),
        ("nasbench201 = mbml_toy:TOY", ""),
    ],
)
def test_a_broken_one_fails_alone(site, entry, problem):
    install(site, entry=entry)
    assert told("sample", "nasbench201")
    assert told("cell", "8:16:24:32:64")["space"] == "natsbench_sss"
    mbml("cell", CELL, expect=2)
    if problem:
        for command in (("sample", "toy"), ("ingest", "toy", "surrogate.toy")):
            said = mbml(*command, expect=1).stderr
            assert "benchmark 'toy' of package mbml-toy 1.0" in said
            assert problem in said
    assert "pip uninstall mbml-toy" in mbml("doctor", expect=1).stdout


def test_a_space_that_fails_is_named_with_its_package(site):
    file = site / "mbml_toy" / "space.py"
    file.write_text(file.read_text().replace("choices.neighbours(", "choices.absent("))
    forget()
    said = mbml("neighbours", CELL, expect=1).stderr
    assert "benchmark 'toy' of package mbml-toy 1.0 failed in neighbours: AttributeError" in said


def test_a_data_set_that_the_record_does_not_name_is_refused(site):
    file = site / "mbml_toy" / "source.py"
    file.write_text(file.read_text().replace('"shapes"', '"colours"'))
    forget()
    said = mbml("ingest", "toy", "surrogate.toy", expect=5).stderr
    assert "column 'dataset': expected one of shapes, got 'colours'" in said


def test_help_and_queries_import_nothing_of_it(site):
    mbml("ingest", "toy", "surrogate.toy")
    forget()
    assert "toy" in mbml("ingest", "--help").stdout
    mbml("--help")
    mbml("query", f"from {VIEW}")
    mbml("sample", "nasbench201")
    assert "mbml_toy" not in sys.modules
