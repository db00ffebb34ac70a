"""`mbml ingest proxies`: what is held afterwards, and what is refused."""

from __future__ import annotations

import polars as pl
import pytest
from tables import NASBENCH101_CELLS, load_rows, nasbench101_rows, nasbench201_rows

from mbml.datasets import META_DATASETS
from mbml.errors import SourceError, UsageError
from mbml.features.problem import learning_problem
from mbml.features.proxy import PROXIES
from mbml.features.registry import feature_set
from mbml.sources.tables.proxies import read_proxies
from mbml.spaces import nasbench201
from mbml.store.proxies import ingest_proxies

CELLS = nasbench201.official_order()


def table(cells=4, **columns):
    values = dict.fromkeys(PROXIES, 1.5) | columns
    return pl.DataFrame({"arch_str": CELLS[:cells]}).with_columns(
        **{
            name: pl.lit(value) if not isinstance(value, list) else pl.Series(value)
            for name, value in values.items()
        }
    )


def load(warehouse, frame, path, *, replace=False, dataset="cifar10"):
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return ingest_proxies(warehouse, read_proxies(path, dataset=dataset), replace=replace)


@pytest.fixture
def measured(warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(6, dataset="cifar10-valid"), tmp_path / "m.parquet")
    return warehouse


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_cells_without_a_proxy_are_left_out_and_counted(measured, tmp_path, suffix):
    report = load(measured, table(synflow=[1.0, 2.0, None, 4.0]), tmp_path / f"p.{suffix}")
    assert (report.proxies, report.cells, report.unknown_cells) == (len(PROXIES), 4, 0)
    view = META_DATASETS["meta_nasbench201_cifar10valid_200epochs"]
    problem = learning_problem(measured, view, feature_set("proxy"))
    assert problem.x["proxy_synflow"].to_list() == [1.0, 2.0, 4.0]
    assert problem.rows["arch_key"].to_list() == [CELLS[0], CELLS[1], CELLS[3]]
    assert problem.left_out == 3
    assert problem.feature_epochs == 0


def test_the_same_file_again_changes_nothing_and_others_need_replace(measured, tmp_path):
    path = tmp_path / "surrogate_p.parquet"
    first = load(measured, table(8), path)
    assert (first.unknown_cells, first.is_surrogate, first.already_loaded) == (2, True, False)
    again = load(measured, table(8), path)
    assert again.already_loaded
    assert again.source_id == first.source_id
    other = tmp_path / "other.parquet"
    with pytest.raises(UsageError, match="6 of its values differ"):
        load(measured, table(8, zen=2.5), other)
    load(measured, table(8, zen=2.5), other, replace=True)
    assert measured.rows("select distinct value from proxy where name = 'zen'") == [(2.5,)]
    assert measured.rows("select count(*) from proxy") == [(6 * len(PROXIES),)]


def test_a_value_that_the_new_file_lacks_stays_or_is_replaced_by_none(measured, tmp_path):
    load(measured, table(8), tmp_path / "a.parquet")
    frame = table(8, zen=[None] * 6 + [1.5] * 2)
    report = load(measured, frame, tmp_path / "b.parquet")
    assert (report.already_loaded, report.kept, report.removed) == (True, 6, 0)
    report = load(measured, frame, tmp_path / "b.parquet", replace=True)
    assert (report.already_loaded, report.kept, report.removed) == (False, 0, 6)
    assert (report.cells, report.unknown_cells) == (6, 2)
    assert measured.rows("select count(*) from proxy where name = 'zen'") == [(0,)]
    assert load(measured, frame, tmp_path / "b.parquet", replace=True).already_loaded


def test_a_cell_without_a_value_is_not_an_unknown_one(measured, tmp_path):
    frame = pl.DataFrame({"arch_str": CELLS[:8], "own": [1.0, None, *[None] * 5, 2.0]})
    report = load(measured, frame, tmp_path / "a.parquet")
    assert (report.cells, report.values, report.unknown_cells) == (1, 1, 2)
    with pytest.raises(UsageError, match=r"no value \(only NULL\) for the 5 of its 7 cells"):
        load(measured, frame[1:], tmp_path / "b.parquet")
    with pytest.raises(SourceError, match="holds no value of a proxy"):
        load(measured, frame[1:6], tmp_path / "c.parquet")


def test_proxies_of_a_split_are_those_of_its_images(measured, tmp_path):
    load(measured, table(), tmp_path / "p.parquet", dataset="cifar10-valid")
    assert measured.rows("select distinct dataset from proxy") == [("cifar10",)]
    [note] = read_proxies(tmp_path / "p.parquet", dataset="cifar10-valid").notes
    assert note == "kept as proxies on cifar10: cifar10-valid is a split of the same images"


def test_proxies_of_another_data_set_stand_beside(measured, tmp_path):
    load(measured, table(), tmp_path / "a.parquet")
    load(measured, table(zen=2.5), tmp_path / "b.parquet", dataset="cifar100")
    assert measured.rows("select dataset, count(*) from proxy group by all order by all") == [
        ("cifar10", 4 * len(PROXIES)),
        ("cifar100", 4 * len(PROXIES)),
    ]


def test_cells_of_nasbench101_are_known_by_their_hash(warehouse, tmp_path):
    load_rows(warehouse, nasbench101_rows(), tmp_path / "m.parquet")
    frame = pl.DataFrame(NASBENCH101_CELLS, schema=["adjacency", "operations"], orient="row")
    report = load(warehouse, frame.with_columns(own=pl.lit(3)), tmp_path / "p.csv")
    assert (report.cells, report.values) == (4, 4)


def test_no_cell_of_the_file_is_held(warehouse, tmp_path):
    with pytest.raises(UsageError, match="load measurements of nasbench201 first"):
        load(warehouse, table(), tmp_path / "p.parquet")


FAULTS = [
    (table(0), "holds no rows"),
    (table().drop("arch_str"), "lacks the column arch_str"),
    (table().select("arch_str"), "no column beside the cells"),
    (table(zen="high"), "row 1, column 'zen': expected a finite number, got 'high'"),
    (table(zen=[1.0, float("nan"), 2.0, 3.0]), "row 2, column 'zen': "),
    (table(zen=[1.0, 2.0, float("inf"), 3.0]), "row 3, column 'zen': "),
    (pl.concat([table(2), table(1)]), "row 3: is the cell of another row"),
    (table().with_columns(arch_str=pl.lit("|none~0|")), "row 1: '|none~0|' does not have the form"),
    (
        table().with_columns(arch_str=pl.Series([None, *CELLS[:3]])),
        "row 1, column 'arch_str': expected text, got no value",
    ),
    (table().with_columns(arch_str=pl.lit(7)), "row 1, column 'arch_str': expected text, got 7"),
]


@pytest.mark.parametrize(
    ("frame", "said"), FAULTS, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_faulty_table_is_refused(tmp_path, frame, said):
    path = tmp_path / "p.parquet"
    frame.write_parquet(path)
    with pytest.raises(SourceError) as error:
        read_proxies(path, dataset="cifar10")
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_text_in_a_csv_file_is_no_number(tmp_path):
    table(zen=["1", "2", "x", "4"]).write_csv(tmp_path / "p.csv")
    with pytest.raises(SourceError, match="row 3, column 'zen': expected a finite number, got 'x'"):
        read_proxies(tmp_path / "p.csv", dataset="cifar10")


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then nothing"])
def test_a_damaged_file_is_refused(tmp_path, damage):
    (tmp_path / "p.parquet").write_bytes(damage)
    with pytest.raises(SourceError, match=r"is empty|cannot be read as a table"):
        read_proxies(tmp_path / "p.parquet", dataset="cifar10")


def test_a_damaged_page_is_refused(tmp_path):
    path = tmp_path / "p.parquet"
    table(zen=[1.0, 2.0, 3.0, 4.0]).write_parquet(path)
    path.write_bytes(path.read_bytes().replace(b"\x2c\x15\x08", b"\x2c\x15\x07"))
    with pytest.raises(SourceError, match="cannot be read as a table: Invalid page header"):
        read_proxies(path, dataset="cifar10")


def test_a_cell_that_is_none_is_named_by_its_row(tmp_path):
    frame = pl.DataFrame(
        {"adjacency": ["0100", "0000"], "operations": ["input,output"] * 2, "own": [1, 2]}
    )
    frame.write_parquet(tmp_path / "p.parquet")
    with pytest.raises(SourceError, match="row 2: "):
        read_proxies(tmp_path / "p.parquet", dataset="cifar10")


@pytest.mark.parametrize(
    ("name", "dataset", "said"),
    [
        ("none.parquet", "cifar10", "does not exist"),
        ("none.parquet", "cifar11", "did you mean 'cifar10'"),
    ],
)
def test_what_cannot_be_asked(tmp_path, name, dataset, said):
    with pytest.raises(UsageError, match=said):
        read_proxies(tmp_path / name, dataset=dataset)


def test_a_refused_file_does_not_hinder_the_next(measured, tmp_path):
    load(measured, table(), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="`replace=True`"):
        load(measured, table(synflow=2.5), tmp_path / "b.parquet")
    report = load(measured, table(6), tmp_path / "c.parquet")
    assert (report.cells, report.already_loaded) == (6, False)
    assert measured.rows("select count(*) from duckdb_tables() where temporary") == [(0,)]
    assert measured.rows(
        "select count(*) from duckdb_views() where temporary and not internal"
    ) == [(0,)]


def test_proxies_of_another_data_set_are_named(measured, tmp_path):
    load_rows(measured, nasbench201_rows(6, dataset="cifar100"), tmp_path / "n.parquet")
    load(measured, table(), tmp_path / "p.parquet", dataset="cifar10")
    view = META_DATASETS["meta_nasbench201_cifar100_200epochs"]
    with pytest.raises(UsageError, match=r"no proxies of its cells on cifar100 \(only on cifar10"):
        learning_problem(measured, view, feature_set("proxy"))


@pytest.mark.parametrize("name", ["name", "value", "native_key"])
def test_a_proxy_cannot_have_the_name_of_a_column(measured, tmp_path, name):
    with pytest.raises(SourceError, match=f"column '{name}': cannot be the name of a proxy"):
        load(measured, table(**{name: 1.0}), tmp_path / "p.parquet")


def test_a_proxy_that_stands_twice_in_the_header_is_refused(measured, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(f'arch_str,synflow,synflow\n"{CELLS[0]}",1,2\n')
    with pytest.raises(SourceError, match="column 'synflow': stands twice in the header"):
        read_proxies(path, dataset="cifar10")
