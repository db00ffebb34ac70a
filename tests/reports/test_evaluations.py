"""Sections of the report on evaluations: scores, ranking, differences, times."""

import polars as pl
import pytest
from results import PREDICTORS, write_fits
from tables import load_rows, nasbench201_rows

from mbml.reports.content import Figure, Paragraph, Table
from mbml.reports.material import Material
from mbml.reports.sections import differences, ranking, regression, times

MAKERS = (regression.make, ranking.make, differences.make, times.make)
HOSTILE = "file:<script>alert(1)</script>.csv#0123"


def blocks(material, make, kind):
    [section] = make(material)
    return {block.name: block for block in section.blocks if isinstance(block, kind)}


@pytest.fixture(scope="module")
def material(new_warehouse, tmp_path_factory):
    """What a warehouse with 60 cells and the fits of two protocols holds."""
    folder = tmp_path_factory.mktemp("evaluations")
    with new_warehouse(folder / "w.duckdb") as warehouse:
        load_rows(warehouse, nasbench201_rows(60), folder / "rows.parquet")
        write_fits(warehouse)
        write_fits(warehouse, preset="fixed", split=HOSTILE, features="topology", sizes=(43,))
        yield Material(warehouse)


def test_means_and_deviations_are_over_the_seeds(material):
    table = blocks(material, regression.make, Table)["regression_1"]
    row = table.frame.filter(pl.col("predictor") == "linear_regression").row(0, named=True)
    values = material.fits.filter(
        pl.col("preset") == "published",
        pl.col("predictor") == "linear_regression",
        pl.col("N") == 43,
    )["mae"]
    assert (row["N"], row["seeds"]) == (43, 3)
    assert row["mae"] == pytest.approx(values.mean())
    assert row["mae_std"] == pytest.approx(values.std(ddof=0))


def test_each_protocol_has_tables_of_its_own(material):
    captions = [one.caption for one in blocks(material, regression.make, Table).values()]
    assert "Published settings, split published, target valid_accuracy" in captions[0]
    assert HOSTILE in captions[1]


def test_ours_stand_beside_the_published(material):
    frame = blocks(material, regression.make, Table)["regression_against_published"].frame
    row = frame.filter(
        pl.col("predictor") == "random_forest", pl.col("N") == 172, pl.col("score") == "r2"
    ).row(0, named=True)
    assert row["published"] == pytest.approx(0.307, abs=5e-4)
    assert row["difference"] == pytest.approx(row["ours"] - row["published"])


@pytest.mark.parametrize(
    "other",
    [{"preset": "fixed"}, {"protocol": "pinat", "score": "test_accuracy"}],
    ids=["settings", "protocol"],
)
def test_only_the_published_study_is_held_against_the_publication(warehouse, other):
    write_fits(warehouse, **other)
    assert set(blocks(Material(warehouse), regression.make, Table)) == {"regression_1"}


def test_scores_of_two_protocols_share_no_mean_and_no_rank(warehouse):
    write_fits(warehouse, sizes=(43,))
    write_fits(warehouse, sizes=(43,), protocol="pinat", score="test_accuracy")
    found = Material(warehouse)
    tables = blocks(found, regression.make, Table)
    for name in ("regression_1", "regression_2"):
        assert tables[name].frame["seeds"].unique().to_list() == [3]
    assert "score test_accuracy, protocol pinat" in tables["regression_2"].caption
    ranked = blocks(found, differences.make, Table)["friedman_nemenyi"].frame
    assert ranked.height == 2 * 2
    assert ranked["predictors"].unique().to_list() == [len(PREDICTORS)]


def test_the_rule_of_each_test_accuracy_is_named(material):
    table = blocks(material, ranking.make, Table)["top_k_1"]
    assert {"test, chosen by validation", "test, oracle"} <= set(table.frame.columns)
    assert (table.frame["test, oracle"] >= table.frame["test, chosen by validation"]).all()
    assert table.frame["k"].to_list()[:6] == [1, 5, 10, 50, 100, 1]


def test_the_limits_are_those_of_the_view(material):
    frame = blocks(material, ranking.make, Table)["top_k_limits"].frame
    row = frame.row(0, named=True)
    assert row["best validation"] == pytest.approx(0.5 + 59 / 200)
    assert row["test, chosen by validation"] == row["test, oracle"] == pytest.approx(0.4 + 59 / 200)


def test_friedman_and_nemenyi_stand_in_a_table_and_a_diagram(material):
    frame = blocks(material, differences.make, Table)["friedman_nemenyi"].frame
    assert frame.height == (2 + 1) * 2
    assert frame["best"].unique().to_list() == ["linear_regression"]
    assert frame["p"].max() < 0.1
    assert "critical_difference" in blocks(material, differences.make, Figure)


def test_a_predictor_without_all_seeds_is_left_out_and_named(warehouse):
    write_fits(warehouse)
    write_fits(warehouse, seeds=2, predictors=("svr",))
    frame = blocks(Material(warehouse), differences.make, Table)["friedman_nemenyi"].frame
    assert frame["left out, lacking seeds"].unique().to_list() == ["svr"]
    assert frame["predictors"].unique().to_list() == [len(PREDICTORS)]


def test_too_few_predictors_or_seeds_are_said(warehouse):
    write_fits(warehouse, seeds=1)
    [section] = differences.make(Material(warehouse))
    assert "3 predictors with 2 seeds" in section.blocks[0].text


def test_times_are_in_seconds(material):
    table = blocks(material, times.make, Table)["times_1"]
    assert table.frame["fit_seconds"].unique().sort().to_list() == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize("make", MAKERS)
def test_without_results_each_section_names_the_command(warehouse, make):
    [section] = make(Material(warehouse))
    assert "mbml evaluate" in section.blocks[0].text


@pytest.mark.parametrize("make", MAKERS)
def test_results_on_surrogates_are_loud(warehouse, make):
    write_fits(warehouse, is_surrogate=True, seeds=2, sizes=(43,))
    [section] = make(Material(warehouse))
    first = section.blocks[0]
    assert isinstance(first, Paragraph)
    assert first.loud


@pytest.mark.parametrize("make", MAKERS)
def test_results_outlive_the_views_rows(warehouse, make):
    write_fits(warehouse, view_name="meta_gone", seeds=2, sizes=(43,))
    [section] = make(Material(warehouse))
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert tables[0].frame["meta-dataset"].unique().to_list() == ["meta_gone"]


def test_of_a_view_that_changed_the_last_evaluation_is_shown(warehouse):
    write_fits(warehouse)
    write_fits(warehouse, data_sha256="1" * 64, seeds=2)
    frame = blocks(Material(warehouse), regression.make, Table)["regression_1"].frame
    assert frame["seeds"].unique().to_list() == [2]
