"""Zero-cost proxies as features: those that are held, or those that are named."""

from __future__ import annotations

import polars as pl
import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

import mbml
from mbml.errors import UsageError
from mbml.features.proxy import PROXIES
from mbml.features.registry import feature_set
from mbml.predictors.models import load_model, save_model
from mbml.sources.tables.proxies import read_proxies
from mbml.spaces import nasbench201
from mbml.store.proxies import ingest_proxies

VIEW = "meta_nasbench201_cifar100_200epochs"
CELLS = nasbench201.official_order()


@pytest.fixture
def load(warehouse, tmp_path):
    """Loads proxies, a list of values each, of the first cells of a warehouse with forty."""
    load_rows(warehouse, nasbench201_rows(40), tmp_path / "m.parquet")

    def loaded(dataset="cifar100", *, replace=False, **proxies):
        path = tmp_path / "p.parquet"
        cells = len(next(iter(proxies.values())))
        pl.DataFrame({"arch_str": CELLS[:cells], **proxies}).write_parquet(path)
        ingest_proxies(warehouse, read_proxies(path, dataset=dataset), replace=replace)
        return warehouse

    return loaded


def values(cells=40, start=0):
    return [float(start + cell * cell % 17) for cell in range(cells)]


def trained(warehouse, features, **more):
    return mbml.train(warehouse, VIEW, predictor="lasso", features=features, train_size=10, **more)


def test_those_that_are_held_are_learned_from_and_the_missing_ones_named(load):
    report = trained(load(synflow=values(), jacov=values(start=3), my_own=values()), "proxy")
    assert report.features == "proxy:jacov,my_own,synflow"
    assert report.problem.x.columns == ["proxy_jacov", "proxy_my_own", "proxy_synflow"]
    assert report.problem.x["proxy_jacov"][:2].to_list() == [3.0, 4.0]
    [note] = report.problem.notes
    missing = [name for name in PROXIES if name not in ("synflow", "jacov")]
    assert note.endswith(f"not held of the 13 published proxies: {', '.join(missing)}")


def test_the_published_ones_are_named_as_they_ever_were(load):
    report = trained(load(**dict.fromkeys(reversed(PROXIES), values())), "topology+proxy")
    assert report.features == "topology+proxy"
    assert report.problem.notes == ()
    assert report.problem.x.columns[-13:] == [f"proxy_{name}" for name in PROXIES]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("proxy: synflow , jacov", "proxy:jacov,synflow"),
        ("proxy:synflow+topology+proxy:jacov", "proxy:jacov,synflow+topology"),
        (f"proxy:{','.join(reversed(PROXIES))}", "proxy"),
    ],
)
def test_one_set_has_one_name(text, name):
    assert feature_set(text).name == name
    assert feature_set(text).columns("nasbench201") == feature_set(name).columns("nasbench201")
    assert not feature_set(text).as_held


def test_the_named_ones_are_learned_from_in_one_order(load):
    warehouse = load(synflow=values(), jacov=values(), my_own=values())
    report = trained(warehouse, "topology+proxy:synflow, jacov")
    assert report.problem.x.columns[-2:] == ["proxy_jacov", "proxy_synflow"]
    assert report.problem.notes == ()


def test_a_proxy_of_few_cells_is_named_as_it_leaves_rows_out(load):
    load(synflow=values())
    rare, left_out = trained(load(rare=values(15)), "proxy").problem.notes
    assert "'rare' is held for 15 cells, others for up to 40" in rare
    assert "25 rows" in left_out
    told = []
    with pytest.raises(UsageError, match="3 rows have a target and all features"):
        trained(load(rarer=values(3)), "proxy", notify=told.append)
    assert "'rarer' is held for 3 cells" in told[0]
    assert trained(load(rare=values(15)), "proxy:synflow").problem.left_out == 0


def test_a_name_that_parts_names_is_left_out_and_named(load):
    report = trained(load(**{"a+b": values(), "c,d": values(), "zen": values()}), "proxy")
    assert report.features == "proxy:zen"
    assert report.problem.notes[0].endswith("'a+b', 'c,d'")


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ("proxy:synflw", r"no proxy 'synflw' .*; those held are jacov, synflow \(did you mean 'sy"),
        ("proxy:synflow,zen", "no proxy 'zen' of its cells is held on cifar100; those held are"),
        ("proxy:jacov,jacov", "give each name once"),
        ("proxy:", "needs names of proxies, as in proxy:synflow,jacov"),
        ("proxy+proxy:jacov", "share columns, such as 'proxy_jacov'"),
    ],
    ids=lambda one: one if one.startswith("proxy") else "",
)
def test_what_cannot_be_chosen(load, features, told):
    warehouse = load(synflow=values(), jacov=values())
    with pytest.raises(UsageError, match=told):
        trained(warehouse, features)


def test_a_warehouse_without_any_that_can_be_named(load):
    with pytest.raises(UsageError, match=r"can be listed, because of a comma.*: 'a,b'; load"):
        trained(load(**{"a,b": values()}), "proxy")


def test_each_benchmark_has_proxies_of_its_own_cells(warehouse, tmp_path):
    sizes = ["8:8:8:8:8", "8:16:8:8:8", "64:64:64:64:64", "8:8:8:24:8"]
    of_sizes = nasbench201_rows(4, dataset="cifar10", schedule_epochs=90, epoch=90).with_columns(
        arch_str=pl.Series(sizes)
    )
    views = {
        "meta_natsbench_sss_cifar10_90epochs": (of_sizes, ["arch_str"]),
        "meta_nasbench101_108epochs": (nasbench101_rows(), ["adjacency", "operations"]),
    }
    for view, (rows, cell) in views.items():
        load_rows(warehouse, rows, tmp_path / "m.parquet")
        proxies = rows.select(*cell, pl.Series(f"of_{view}", [4, 3, 2, 1]))
        proxies.write_csv(tmp_path / "p.csv")
        ingest_proxies(warehouse, read_proxies(tmp_path / "p.csv", dataset="cifar10"))
    for view in views:
        report = mbml.train(
            warehouse,
            view,
            predictor="dummy",
            features="proxy",
            train_size=2,
            target="test_accuracy",
        )
        assert report.features == f"proxy:of_{view}"
        assert sorted(report.problem.x[f"proxy_of_{view}"]) == [1, 2, 3, 4]


def test_other_columns_are_another_experiment(load):
    grid = mbml.Grid(views=VIEW, predictors="lasso", train_sizes=10, features="proxy")

    def names(warehouse):
        return [
            name for (name,) in warehouse.rows("select features from results.experiment order by 1")
        ]

    warehouse = load(synflow=values(), jacov=values(start=1))
    [first] = mbml.evaluate(warehouse, grid)
    [again] = mbml.evaluate(warehouse, grid)
    assert again == first
    assert first["features"] == "proxy:jacov,synflow"
    assert names(warehouse) == ["proxy:jacov,synflow"]
    [more] = mbml.evaluate(load(zen=values(start=2)), grid)
    assert more["features"] == "proxy:jacov,synflow,zen"
    assert names(warehouse) == ["proxy:jacov,synflow", "proxy:jacov,synflow,zen"]


def test_a_search_is_made_again_where_proxies_are_others(load):
    def searched(warehouse):
        found = mbml.search(
            warehouse, VIEW, strategy="rank_once:lasso", features="proxy", budget=12
        )
        return found.stored, found.problem.candidates.features.name

    warehouse = load(synflow=values())
    assert searched(warehouse) == (0, "proxy:synflow")
    assert searched(warehouse) == (1, "proxy:synflow")
    assert searched(load(synflow=values(start=5), replace=True)) == (0, "proxy:synflow")
    assert searched(load(zen=values())) == (0, "proxy:synflow,zen")
    held = warehouse.rows("select distinct features from results.search order by 1")
    assert held == [("proxy:synflow",), ("proxy:synflow,zen",)]


def test_a_saved_model_names_its_columns(load, tmp_path):
    warehouse = load(synflow=values(), jacov=values(start=1))
    report = trained(warehouse, "proxy")
    save_model(report, warehouse, "m", folder=tmp_path)
    model = load_model("m", folder=tmp_path)
    assert model.card["features"] == "proxy:jacov,synflow"
    with pytest.raises(UsageError, match="proxy_jacov, proxy_synflow: measured"):
        model.predict([CELLS[0]])


def test_a_model_of_more_names_than_a_card_holds_is_not_saved(load, tmp_path):
    names = [f"{number:03}{'x' * 100}" for number in range(100)]
    warehouse = load(**dict.fromkeys(names, values(12)))
    report = trained(warehouse, "proxy")
    with pytest.raises(UsageError, match="has 10,405 characters, too many for a card"):
        save_model(report, warehouse, "m", folder=tmp_path)


def test_another_view_to_test_on_needs_the_same_proxies(load, warehouse, tmp_path):
    load_rows(warehouse, nasbench201_rows(40, dataset="ImageNet16-120"), tmp_path / "i.parquet")
    other = "meta_nasbench201_imagenet16_120_200epochs"
    load(dataset="ImageNet16-120", jacov=values())
    load(synflow=values())
    with pytest.raises(UsageError, match=r"no proxy 'synflow' .* on ImageNet16-120"):
        trained(warehouse, "proxy", test_view=other)
    load(dataset="ImageNet16-120", synflow=values())
    report = trained(warehouse, "proxy", test_view=other)
    assert report.tested.x.columns == ["proxy_synflow"]
