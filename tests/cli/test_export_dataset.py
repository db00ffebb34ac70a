"""`mbml export --layout dataset`: a folder for hubs, with a card and a Croissant description."""

from __future__ import annotations

import hashlib
import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tables import load_rows, nasbench201_rows

from mbml import errors
from mbml.exports import export_dataset
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse
from mbml.store.contents import contents, describe

VIEW = "meta_nasbench201_cifar100_200epochs"


def front_matter(card):
    """The keys of a card, whose values are written as JSON."""
    _, head, _ = card.split("---\n", 2)
    return {
        key: json.loads(text) for key, _, text in (one.partition(": ") for one in head.splitlines())
    }


@pytest.fixture(scope="module")
def measured(new_warehouse, tmp_path_factory):
    """A warehouse of 5,000 measured cells, and views of the user."""
    folder = tmp_path_factory.mktemp("measured")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        accuracy = pl.int_range(5000) / 7001
        rows = nasbench201_rows(5000, valid_accuracy=accuracy, test_accuracy=1 - accuracy)
        load_rows(warehouse, rows, folder / "a|b.parquet")
        warehouse.con.execute(f"create view mine as select arch_key, [epoch] as many from {VIEW}")
        warehouse.con.execute("comment on view mine is 'Mine\n---\nlicense: mit <b>|'")
        warehouse.con.execute(f'create view "no name" as from {VIEW}')
        warehouse.con.execute("create view long as select range as n from range(25000)")
    return folder / "w.duckdb"


@pytest.fixture(scope="module")
def folder(measured, tmp_path_factory):
    """The data set of two views of it, in files of 2,048 rows."""
    place = tmp_path_factory.mktemp("exported")
    return export_dataset(measured, ["measurement", VIEW], place, rows_per_file=2048)


def test_rows_are_in_files_of_the_size_asked_for_and_in_order(measured, folder):
    assert folder.name == "dataset"
    assert sorted(one.name for one in folder.iterdir()) == ["README.md", "croissant.json", "data"]
    names = [
        f"{view}-0000{number}-of-00003.parquet"
        for view in ("measurement", VIEW)
        for number in range(3)
    ]
    assert sorted(one.name for one in (folder / "data").iterdir()) == names
    heights = [pl.read_parquet(folder / "data" / name).height for name in names]
    assert heights == [2048, 2048, 904] * 2
    with open_warehouse(measured) as warehouse:
        for number, selected in ((0, "measurement"), (3, f"{VIEW} order by arch_index")):
            files = [folder / "data" / name for name in names[number : number + 3]]
            assert_frame_equal(
                pl.read_parquet(files), warehouse.frame(f"from {selected}"), categorical_as_str=True
            )


def test_more_than_ten_files_are_in_order(measured, tmp_path):
    folder = export_dataset(measured, ["long"], tmp_path, rows_per_file=3000)
    files = sorted((folder / "data").iterdir())
    assert [one.name for one in files][12:] == ["long-00012-of-00013.parquet"]
    assert pl.concat(map(pl.read_parquet, files))["n"].to_list() == list(range(25000))


def test_the_card_begins_with_what_hubs_read(folder):
    known = front_matter((folder / "README.md").read_text())
    assert known["license"] == ["mit"]
    assert known["pretty_name"] == f"measurement, {VIEW}"
    assert known["size_categories"] == ["10K<n<100K"]
    assert known["tags"] == ["neural-architecture-search", "tabular", "nasbench201"]
    assert [one["config_name"] for one in known["configs"]] == ["measurement", VIEW]
    for one in known["configs"]:
        [split] = one["data_files"]
        assert split["split"] == "results"
        assert len(split["path"]) == 3
        assert all((folder / path).is_file() for path in split["path"])


def test_the_card_tells_sources_trainings_columns_licence_and_citation(measured, folder):
    card = (folder / "README.md").read_text()
    source = contents(measured).sources.row(0, named=True)
    assert f"| table | a\\|b.parquet | {source['sha256']} | False |" in card
    assert "| nasbench201 | cifar100 | 200 | 200 | 200 | 0 | 0 | 5000 |" in card
    assert "| cifar100 | 200 | 200 | 5000 |" in card
    for view in ("measurement", VIEW):
        for column, meaning in describe(measured, view).select("column", "meaning").iter_rows():
            assert f"| {column} | " in card
            assert f" | {meaning} |" in card
    assert "nasbench201 publish its results under MIT" in card
    assert "unknown" not in card
    assert "@inproceedings{nasbench201," in card
    assert "@techreport{cifar," in card
    assert "nasbench101" not in card
    assert f"mbml export measurement {VIEW} --layout dataset --to FOLDER" in card
    assert "SURROGATE" not in card


def test_croissant_names_every_file_and_column(measured, folder):
    known = json.loads((folder / "croissant.json").read_text())
    assert known["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert known["license"] == ["https://spdx.org/licenses/MIT"]
    files = [one for one in known["distribution"] if one["@type"] == "cr:FileObject"]
    assert len(files) == 6
    for one in files:
        held = (folder / one["contentUrl"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(held).hexdigest()
        assert one["contentSize"] == f"{len(held)} B"
    for record_set, view in zip(known["recordSet"], ("measurement", VIEW), strict=True):
        columns = describe(measured, view)
        fields = record_set["field"]
        assert [one["name"] for one in fields] == columns["column"].to_list()
        assert [one["description"] for one in fields] == columns["meaning"].to_list()
        [file_set] = {one["source"]["fileSet"]["@id"] for one in fields}
        [together] = [one for one in known["distribution"] if one["@id"] == file_set]
        assert together["includes"] == [one["@id"] for one in files if f"/{view}-" in one["@id"]]
    kinds = {one["name"]: one["dataType"] for one in known["recordSet"][0]["field"]}
    assert {kinds[name] for name in ("arch_str", "dataset")} == {"sc:Text"}
    assert (kinds["epoch"], kinds["test_loss"]) == ("sc:Integer", "sc:Float")
    assert kinds["seconds_are_measured"] == "sc:Boolean"


def test_the_files_come_back_as_they_were(measured, folder, new_warehouse, tmp_path):
    with new_warehouse(tmp_path / "again.duckdb") as again:
        only = tmp_path / "files"
        only.mkdir()
        for path in (folder / "data").glob("measurement-*"):
            (only / path.name).hardlink_to(path)
        [source] = open_tables(only)
        assert not ingest(again, source).is_surrogate
        with open_warehouse(measured) as warehouse:
            for view in ("measurement", VIEW):
                left, right = (one.frame(f"from {view} order by all") for one in (warehouse, again))
                assert_frame_equal(left, right)


def test_invented_numbers_are_marked_everywhere(mbml, tmp_path, new_warehouse):
    views = ("measurement", VIEW)
    [one, other] = mbml.json("export", *views, "--layout", "dataset", "--to", tmp_path)
    assert one["path"] == other["path"] == f"{tmp_path}/dataset_surrogate"
    folder = tmp_path / "dataset_surrogate"
    data = sorted(path.name for path in (folder / "data").iterdir())
    assert data == [
        "measurement_surrogate-00000-of-00001.parquet",
        f"{VIEW}-00000-of-00001.parquet",
    ]
    card = (folder / "README.md").read_text()
    known = front_matter(card)
    assert known["license"] == ["mit", "unknown"]
    assert known["tags"][-1] == "surrogate"
    assert "(surrogate data)" in known["pretty_name"]
    assert "> **SURROGATE DATA: some or all of these numbers are invented" in card
    described = json.loads((folder / "croissant.json").read_text())
    assert described["description"].startswith("SURROGATE DATA")
    assert described["license"] == ["https://spdx.org/licenses/MIT", "unknown"]


def test_a_view_of_the_user_has_no_known_licence_and_cannot_forge_one(measured, tmp_path):
    folder = export_dataset(str(measured), ["mine"], str(tmp_path))
    assert folder == f"{tmp_path}/dataset"
    card = (tmp_path / "dataset" / "README.md").read_text()
    assert front_matter(card)["license"] == ["unknown"]
    assert "licence of some or all of these numbers is unknown" in card
    assert "<b>" not in card
    assert "\nlicense: mit" not in card.removeprefix("---\n")
    known = json.loads((tmp_path / "dataset" / "croissant.json").read_text())
    [key, many] = known["recordSet"][0]["field"]
    assert (key["dataType"], many["dataType"], many["repeated"]) == ("sc:Text", "sc:Integer", True)


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (["measurment"], "did you mean 'measurement'"),
        (["measurement", "meta_nasbench101_108epochs"], "meta_nasbench101_108epochs has no rows"),
        (["no name"], "no configuration of a data set can have this name"),
        ([], "expected a list of views"),
        ("measurement", "expected a list of views"),
    ],
    ids=["unknown", "empty", "name", "none", "text"],
)
def test_what_cannot_be_a_data_set_is_refused(measured, tmp_path, views, said):
    with pytest.raises(errors.UsageError, match=said):
        export_dataset(measured, views, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_taken_name_is_kept_unless_told_otherwise(mbml, tmp_path):
    call = ("export", VIEW, "--layout", "dataset", "--to", tmp_path)
    assert mbml(*call).stdout == f"{tmp_path}/dataset\n"
    before = (tmp_path / "dataset" / "README.md").read_bytes()
    assert "exists already" in mbml(*call, expect=2).stderr
    assert (tmp_path / "dataset" / "README.md").read_bytes() == before
    mbml(*call, "--overwrite")
    assert "leave out --format and --one-file" in mbml(*call, "--one-file", expect=2).stderr
    assert "at least 2,048" in _few(mbml, tmp_path)


def _few(mbml, place):
    with pytest.raises(errors.UsageError) as caught:
        export_dataset(mbml.warehouse, [VIEW], place / "few", rows_per_file=100)
    return str(caught.value)
