"""`mbml train --save`, `models`, `predict`, `rank` as a user runs them."""

import json

import pytest
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.spaces import nasbench201

VIEW = "meta_nasbench201_cifar100_200epochs"
CELL, OTHER = nasbench201.official_order()[:2]
SHIPPED = "pretrained:nasbench201-cifar100"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MBML_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.mark.slow
def test_train_save_predict(mbml, folder):
    call = ["train", VIEW, "--predictor", "gp", "--train-size", "40", "--save", "mine"]
    assert "saved as mine" in mbml(*call).stderr
    [found] = mbml.json("predict", "mine", CELL)
    assert set(found) == {"arch_key", "accuracy", "lower", "upper", "at_floor"}
    assert found["lower"] <= found["accuracy"] <= found["upper"]
    assert "mine" in mbml("models").stdout
    assert "mine" in {card["name"] for card in mbml.json("models")}
    card = json.loads(mbml("models", "show", "mine").stdout)
    assert card["view"] == VIEW
    assert 0 <= card["interval_coverage"] <= 1


@pytest.mark.slow
def test_a_taken_name_is_refused_before_the_training(mbml, folder):
    call = ["train", VIEW, "--predictor", "dummy", "--train-size", "40", "--save", "mine"]
    mbml(*call)
    assert "already" in mbml(*call, expect=2).stderr
    assert "cannot name" in mbml(*call[:-1], "../mine", expect=2).stderr


def test_a_taken_name_is_refused_even_for_an_unknown_view(mbml, folder):
    folder.mkdir()
    (folder / "mine.json").write_text("{}")
    assert "already" in mbml("train", "nonsense", "--save", "mine", expect=2).stderr


def test_predict_from_arguments_a_file_and_stdin(mbml, tmp_path):
    (tmp_path / "cells.txt").write_text(f"{CELL}\n\n  {CELL}\n")
    found = mbml.json("predict", SHIPPED, CELL, "--file", tmp_path / "cells.txt")
    assert [one["arch_key"] for one in found] == [CELL] * 3
    call = ["predict", SHIPPED, CELL, "-", "--json"]
    told = CliRunner().invoke(app, call, input=f"{OTHER}\n\n").stdout
    assert [one["arch_key"] for one in json.loads(told)] == [CELL, OTHER]
    csv = mbml("predict", SHIPPED, CELL, "--format", "csv").stdout
    assert csv.startswith("arch_key,accuracy,lower,upper,at_floor\n")


def test_a_prediction_at_the_floor_of_failed_trainings_says_so(mbml):
    nothing = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    failed, good = mbml.json("predict", SHIPPED, nothing, CELL)
    assert failed["at_floor"] is True
    assert failed["lower"] == 0 < failed["accuracy"] < failed["upper"]
    assert good["at_floor"] is False
    assert good["lower"] > 0
    header, first, second = mbml("predict", SHIPPED, nothing, CELL).stdout.splitlines()
    assert "at_floor" not in header
    assert "at or below 0.4" in first
    assert "at or below" not in second


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "of_test"),
    [
        ("nasbench101-108epochs", True),
        ("nasbench201-cifar10", True),
        ("nasbench201-cifar100", False),
        ("nasbench201-cifar10valid", False),
        ("nasbench201-imagenet16_120", False),
    ],
)
def test_models_of_test_accuracies_say_so_where_they_are_offered(mbml, folder, name, of_test):
    told = "trained on test accuracies"
    [card] = [one for one in mbml.json("models") if one["name"] == f"pretrained:{name}"]
    assert (card["target"] == "test_accuracy") == of_test
    assert (told in (card["note"] or "")) == of_test
    listed = mbml("models").stdout
    assert (f"pretrained:{name}: {told}" in listed) == of_test
    cell = "0100:input,output" if "101" in name else CELL
    assert (told in mbml("predict", f"pretrained:{name}", cell).stderr) == of_test


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", SHIPPED], "no architecture given"),
        (["predict", SHIPPED, "0100:input,output"], "is of NAS-Bench-101"),
        (["predict", SHIPPED, ""], "empty"),
        (["predict", "nothing", CELL], "unknown model"),
        (["predict", CELL, SHIPPED], "the model comes first"),
        (["predict", "0100:input,output", SHIPPED], "the model comes first"),
        (["predict", SHIPPED, "--file", "/no/such/file"], "cannot be read"),
        (["rank", "nasbench101", "--model", SHIPPED], "is for nasbench201"),
        (["rank", "nasbench2001", "--model", SHIPPED], "did you mean 'nasbench201'"),
        (["models", "show", "a/b"], "cannot name a model"),
    ],
)
def test_bad_requests(mbml, folder, arguments, message):
    assert message in mbml(*arguments, expect=2).stderr


@pytest.mark.slow
def test_a_damaged_model(mbml, folder):
    mbml("train", VIEW, "--predictor", "dummy", "--train-size", "40", "--save", "mine")
    path = folder / "mine.skops"
    path.write_bytes(path.read_bytes()[:-10])
    assert "is not the file" in mbml("predict", "mine", CELL, expect=5).stderr


@pytest.mark.slow
def test_rank(mbml, folder):
    mbml("train", VIEW, "--predictor", "decision_tree", "--train-size", "40", "--save", "mine")
    best = mbml.json("rank", "nasbench201", "--model", "mine", "-n", "2")
    assert [one["rank"] for one in best] == [1, 2]
    assert best[0]["accuracy"] >= best[1]["accuracy"]
