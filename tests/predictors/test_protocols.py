"""Protocols: what each learns and scores, what it says of data that lack it, and no mixing."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from tables import load_rows, nasbench201_rows

import mbml
from mbml.errors import UsageError
from mbml.metrics import METRICS
from mbml.predictors.evaluation import Grid, evaluate, summarise_fits
from mbml.reports.material import Material

VIEW = "meta_nasbench101_108epochs"
CIFAR10, CIFAR10_VALID = (
    "meta_nasbench201_cifar10_200epochs",
    "meta_nasbench201_cifar10valid_200epochs",
)
RIDGE = {"predictor": "bayesian_ridge", "train_size": 6}
#: A cell whose first trial failed, one whose every trial failed, one without a validation accuracy.
FAILED, LOST, UNKNOWN = 3, 5, 7


def chains():
    """Twelve cells of five vertices in a row, and twelve of six."""
    names = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
    for vertices in (5, 6):
        bits = "".join(
            "1" if column == row + 1 else "0"
            for row in range(vertices)
            for column in range(vertices)
        )
        for inner in itertools.islice(itertools.product(names, repeat=vertices - 2), 12):
            yield bits, ",".join(("input", *inner, "output"))


def accuracy(cell, trial, of):
    """In hundredths beyond what any test reads wrong: another for each cell, trial and set."""
    value = 0.6 + cell / 100 + trial / 1000 + (0.05 if of == "test" else 0)
    if cell == LOST or (cell == FAILED and trial == 1):
        return 0.1 + trial / 1000
    return None if cell == UNKNOWN and of == "valid" else value


def rows_of(trials):
    return pl.DataFrame(
        [
            {
                "adjacency": bits,
                "operations": operations,
                "dataset": "cifar10",
                "schedule_epochs": 108,
                "trial": trial,
                "epoch": 108,
                "parameters": 1000 + 17 * cell * cell,
                "valid_accuracy": accuracy(cell, trial, "valid"),
                "test_accuracy": accuracy(cell, trial, "test"),
            }
            for cell, (bits, operations) in enumerate(chains())
            for trial in trials
        ]
    )


@pytest.fixture
def cells(warehouse, tmp_path):
    load_rows(warehouse, rows_of((1, 2, 3)), tmp_path / "a.parquet")
    return warehouse


@pytest.fixture
def both_cifar10(warehouse, tmp_path):
    """Thirty cells trained on half of CIFAR-10 and on all of it, ordered otherwise."""
    for dataset, columns in (
        ("cifar10-valid", {"valid_accuracy": pl.int_range(30) * 7 % 30 / 60 + 0.4}),
        (
            "cifar10",
            {"valid_accuracy": None, "test_accuracy": pl.int_range(30) * 11 % 30 / 50 + 0.3},
        ),
    ):
        rows = nasbench201_rows(30, dataset=dataset, **columns)
        load_rows(warehouse, rows, tmp_path / f"{dataset}.parquet")
    return warehouse


def by_cell(problem):
    """What a problem has for each cell, by the number of the cell."""
    cells = (mbml.cell("nasbench101", ":".join(one)) for one in chains())
    numbers = {one.graph_id: number for number, one in enumerate(cells)}
    return {numbers[key]: y for key, y in zip(problem.rows["graph_id"], problem.y, strict=True)}


def check_scores(report, true):
    for metric in METRICS:
        assert report.scores[metric.name] == metric.score(true, report.predicted)


def test_pinat_learns_a_trial_that_passed_and_scores_the_mean_of_those_that_did(cells):
    report = mbml.train(cells, VIEW, protocol="pinat", **RIDGE)
    learned, scored = by_cell(report.problem), by_cell(report.tested)
    assert set(scored) - set(learned) == {UNKNOWN}
    for cell, value in learned.items():
        assert value == accuracy(cell, 2 if cell == FAILED else 1, "valid")
    for cell, value in scored.items():
        passed = (2, 3) if cell == FAILED else (1, 2, 3)
        assert value == pytest.approx(np.mean([accuracy(cell, one, "test") for one in passed]))
    assert len(report.predicted) == len(report.scored) == 24
    check_scores(report, report.tested.y)
    flat = report.flat()
    assert (flat["protocol"], flat["target"], flat["score"]) == (
        "pinat",
        "valid_accuracy",
        "test_accuracy",
    )
    assert (flat["scored"], flat["held_out"]) == (24, 18)


def test_held_out_learns_and_scores_means_and_no_training_row(cells):
    report = mbml.train(cells, VIEW, score="test_accuracy", **RIDGE)
    learned, scored = by_cell(report.problem), by_cell(report.tested)
    for values, of in ((learned, "valid"), (scored, "test")):
        for cell, value in values.items():
            trials = [accuracy(cell, trial, of) for trial in (1, 2, 3)]
            assert value == pytest.approx(np.mean(trials))
    assert list(report.scored) == list(report.split.held_out)
    assert len(report.scored) == 24 - 6
    trained = set(report.problem.rows["arch_key"][report.split.train])
    assert not trained & set(report.tested.rows["arch_key"][report.scored])
    check_scores(report, report.tested.y[report.scored])
    assert report.flat()["score"] == "test_accuracy"


@pytest.mark.parametrize("score", ["test_accuracy", "valid_accuracy"])
def test_nnformer_trains_on_large_cells_and_scores_all(cells, score):
    told = []
    report = mbml.train(cells, VIEW, protocol="nnformer", score=score, notify=told.append, **RIDGE)
    assert set(by_cell(report.problem)) == set(range(12, 24))
    assert len(report.scored) == (24 if score == "test_accuracy" else 23)
    assert report.tested.target == score
    check_scores(report, report.tested.y)
    assert any("at least 6 vertices: 12 of 23" in note for note in told)
    assert any("lets 1,024 labels" in note and "uses none" in note for note in told)
    default = mbml.train(cells, VIEW, protocol="nnformer", **RIDGE)
    assert default.tested.target == "test_accuracy"


def test_what_the_data_lack_is_said(warehouse, tmp_path):
    load_rows(warehouse, rows_of((0,)), tmp_path / "a.parquet")
    told = []
    report = mbml.train(warehouse, VIEW, protocol="pinat", notify=told.append, **RIDGE)
    assert by_cell(report.problem)[FAILED] == accuracy(FAILED, 0, "valid")
    assert [note for note in told if "one trial is learned" in note and "23 of 23 rows" in note]
    assert [note for note in told if "failed trials are left out" in note and "24 of 24" in note]
    assert [note for note in told if "1 rows" in note and "no valid_accuracy" in note]


def test_a_grid_tells_a_note_once(cells, tmp_path):
    told = []
    grid = Grid(
        views=(VIEW,), predictors=("dummy", "gp"), train_sizes=(6,), seeds=(0,), protocol="nnformer"
    )
    evaluate(cells, grid, notify=told.append)
    assert len([note for note in told if "lets 1,024 labels" in note]) == 1
    assert len(told) == len(set(told))


@pytest.mark.parametrize("score", ["test_acuracy", "Test_Accuracy", "foo"])
def test_a_score_that_the_view_lacks_is_said_to_be_unknown(cells, score):
    with pytest.raises(UsageError, match=f"unknown column of {VIEW} '{score}'"):
        mbml.train(cells, VIEW, score=score, **RIDGE)


def test_pinat_on_nasbench201_is_scored_on_the_whole_training(both_cifar10):
    one, other = (
        mbml.train(both_cifar10, view, protocol="pinat", **RIDGE)
        for view in (CIFAR10_VALID, CIFAR10)
    )
    assert one.tested.dataset.name == other.tested.dataset.name == CIFAR10
    assert one.problem.target_view == other.problem.target_view == CIFAR10_VALID
    assert len(one.scored) == 30
    assert one.scores == other.scores
    check_scores(one, one.tested.y)
    assert one.tested.y[1] == 11 / 50 + 0.3


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"protocol": "pinatt"}, "unknown protocol 'pinatt'; did you mean 'pinat'"),
        ({"protocol": "pinat", "target": "test_accuracy"}, "pinat learns valid_accuracy"),
        ({"protocol": "pinat", "score": "valid_accuracy"}, "score of protocol pinat"),
        ({"protocol": "pinat", "split": "graph_id"}, "scores all rows"),
        ({"protocol": "pinat", "test_view": CIFAR10}, "says which view is scored"),
        ({"score": "arch_key"}, "it is a key"),
        ({"score": "parameters"}, "it is a feature"),
        ({"score": "train_seconds"}, "in another unit"),
        ({"score": "accuracy"}, "unknown column"),
    ],
)
def test_what_does_not_fit_is_refused(both_cifar10, asked, told):
    with pytest.raises(UsageError, match=told):
        mbml.train(both_cifar10, CIFAR10_VALID, **RIDGE, **asked)


@pytest.mark.parametrize(
    "asked",
    [{"protocol": "pinatt"}, {"protocol": "pinat", "split": "graph_id"}],
)
def test_a_grid_is_refused_before_anything_is_read(tmp_path, asked):
    grid = mbml.Grid(views=VIEW, **asked)
    with pytest.raises(UsageError, match="protocol"):
        mbml.evaluate(tmp_path / "no warehouse", grid)


def test_fits_of_each_protocol_stand_apart(cells):
    grid = {"views": VIEW, "predictors": ("bayesian_ridge", "dummy"), "train_sizes": 6}
    asked = [
        {"protocol": "held_out"},
        {"protocol": "held_out", "score": "test_accuracy"},
        {"protocol": "pinat"},
        {"protocol": "nnformer"},
        {"protocol": "nnformer", "score": "valid_accuracy"},
    ]
    fits = [
        fit
        for one in asked
        for fit in mbml.evaluate(cells, mbml.Grid(**grid, seeds=range(2), **one))
    ]
    trained = mbml.train(cells, VIEW, protocol="pinat", **RIDGE)
    assert fits[8]["kendall_tau"] == trained.scores["kendall_tau"]
    assert (fits[8]["protocol"], fits[8]["scored"], fits[8]["held_out"]) == ("pinat", 24, 18)
    [(experiments, stored)] = cells.rows(
        "select count(distinct experiment_id), count(*) from results.fit"
    )
    assert (experiments, stored) == (5, 20)
    means = summarise_fits(fits)
    assert means["seeds"].to_list() == [2] * 10
    words = Material(cells).fits["protocol"].unique().to_list()
    usual = "Fixed settings, split published, target valid_accuracy"
    pinat = f"{usual}, score test_accuracy, protocol pinat"
    assert len(words) == 5
    assert {usual, pinat} < set(words)


def test_fits_scored_on_data_that_changed_are_made_again(both_cifar10, tmp_path):
    grid = {"views": CIFAR10_VALID, "predictors": "bayesian_ridge", "train_sizes": 6, "seeds": 0}
    [before] = evaluate(both_cifar10, Grid(**grid, protocol="pinat"))
    rows = nasbench201_rows(30, dataset="cifar10", test_accuracy=pl.int_range(30, 0, -1) / 100)
    changed = rows.with_columns(valid_accuracy=None)
    load_rows(both_cifar10, changed, tmp_path / "changed.parquet", replace=True)
    [after] = evaluate(both_cifar10, Grid(**grid, protocol="pinat"))
    assert after["kendall_tau"] != before["kendall_tau"]


def test_a_saved_model_names_its_protocol(both_cifar10, tmp_path):
    from mbml.predictors.models import load_model, save_model

    report = mbml.train(both_cifar10, CIFAR10_VALID, protocol="pinat", **RIDGE)
    save_model(report, both_cifar10, "mine", folder=tmp_path / "models")
    card = load_model("mine", folder=tmp_path / "models").card
    names = ("protocol", "target", "score", "test_view", "scored", "held_out")
    assert [card[name] for name in names] == [
        "pinat",
        "valid_accuracy",
        "test_accuracy",
        CIFAR10,
        30,
        24,
    ]


def test_every_shipped_model_names_its_protocol():
    from mbml.predictors.models import PRETRAINED, list_models

    shipped = [card for card in list_models("none") if card["name"].startswith(PRETRAINED)]
    assert len(shipped) == 5
    for card in shipped:
        assert (card["protocol"], card["score"]) == ("held_out", card["target"])
        assert card["scored"] == card["held_out"]
