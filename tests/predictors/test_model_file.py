"""A model travels as two files, and nothing in them is run."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from mbml.errors import SourceError, UsageError
from mbml.predictors.model_file import FORMAT, read_card, read_model, write_model

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = X[:, 0] + RNG.normal(size=60) / 10


def fitted(seed=0):
    boosted = XGBRegressor(n_estimators=20, n_jobs=1, subsample=0.5, random_state=seed)
    return make_pipeline(MinMaxScaler(), boosted).fit(X, Y)


@pytest.fixture
def card(tmp_path):
    return write_model(tmp_path / "models", "one", fitted(), {"view": "v"})


def doctor(card, change):
    """Change the schema of the model's file and set its card right again."""
    path = card.with_suffix(".skops")
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["schema.json"] = change(entries["schema.json"].decode()).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    path.write_bytes(buffer.getvalue())
    rewrite_checksum(card)


def rewrite_checksum(card):
    import hashlib

    text = json.loads(card.read_text())
    data = card.with_suffix(".skops").read_bytes()
    text["model_sha256"] = hashlib.sha256(data).hexdigest()
    card.write_text(json.dumps(text))


@pytest.mark.slow
def test_a_model_predicts_the_same_in_another_process(card, tmp_path):
    np.save(tmp_path / "x.npy", X)
    code = (
        "import sys, pathlib, numpy as np; from mbml.predictors.model_file import read_model;"
        "model, _ = read_model(pathlib.Path(sys.argv[1]));"
        "np.save(sys.argv[3], model.predict(np.load(sys.argv[2])))"
    )
    arguments = [card, tmp_path / "x.npy", tmp_path / "y.npy"]
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), fitted().predict(X))


def test_the_same_model_gives_the_same_bytes(tmp_path):
    cards = [write_model(tmp_path / name, "one", fitted(), {}) for name in "ab"]
    files = [[one.read_bytes(), one.with_suffix(".skops").read_bytes()] for one in cards]
    assert files[0] == files[1]


def test_scikit_learns_own_models_travel(tmp_path):
    forest = RandomForestRegressor(n_estimators=5, random_state=0).fit(X, Y)
    model, _ = read_model(write_model(tmp_path, "forest", forest, {}))
    np.testing.assert_array_equal(model.predict(X), forest.predict(X))


def test_the_card_says_what_was_given(card):
    held = read_card(card)
    assert (held["view"], held["name"], held["format"]) == ("v", "one", FORMAT)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../up", "a/b", "a\\b", ".hidden", "a b", "é", "x" * 101, "m.json", "-x"],
)
def test_a_name_that_could_not_be_a_file(name, tmp_path):
    with pytest.raises(UsageError, match="cannot name a model"):
        write_model(tmp_path, name, fitted(), {})
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken(card):
    before = card.read_bytes()
    with pytest.raises(UsageError, match="already"):
        write_model(card.parent, "one", fitted(1), {})
    assert card.read_bytes() == before


def test_a_model_of_unknown_types_is_not_written(tmp_path):
    class Own(MinMaxScaler):
        pass

    with pytest.raises(UsageError, match="Own"):
        write_model(tmp_path, "own", Own().fit(X), {})


def test_a_file_that_asks_for_an_unknown_type(card):
    doctor(
        card,
        lambda schema: schema.replace('"MinMaxScaler"', '"system"', 1).replace(
            '"sklearn.preprocessing._data"', '"os"', 1
        ),
    )
    with pytest.raises(SourceError, match=r"asks for os\.system"):
        read_model(card)


@pytest.mark.parametrize("module", ["os.system", "builtins.eval", "mbml.sources.files.open_file"])
@pytest.mark.parametrize("loader", ["TypeNode", "FunctionNode", "ReduceNode", "MethodNode"])
def test_no_loader_of_skops_is_a_way_in(card, module, loader):
    where, _, what = module.rpartition(".")
    node = {"__class__": what, "__module__": where, "__loader__": loader, "__id__": 1}
    if loader == "ReduceNode":
        node["args"] = {
            "__class__": "tuple",
            "__module__": "builtins",
            "__loader__": "TupleNode",
            "content": [],
            "__id__": 2,
        }
        node["reduce"] = {"args": node["args"]}
        node["content"] = None
    if loader == "MethodNode":
        node["content"] = {"func": "x", "obj": {**node, "__loader__": "TypeNode"}}
    if loader == "FunctionNode":
        node["content"] = {"module_path": where, "function": what}

    def replaced(schema):
        held = json.loads(schema)
        return json.dumps({**node, "protocol": held["protocol"], "_skops_version": "0"})

    doctor(card, replaced)
    with pytest.raises(SourceError):
        read_model(card)


def test_another_models_card(card, tmp_path):
    other = write_model(tmp_path / "models", "two", fitted(1), {})
    other.with_suffix(".skops").replace(card.with_suffix(".skops"))
    with pytest.raises(SourceError, match="is not the file that one"):
        read_model(card)


def test_truncated_at_any_place_is_refused(card):
    path = card.with_suffix(".skops")
    whole = path.read_bytes()
    for size in [*range(0, len(whole), len(whole) // 50), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError):
            read_model(card)
        if size:
            rewrite_checksum(card)
            with pytest.raises(SourceError, match="damaged"):
                read_model(card)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("left_child", 10_000, "leads out"),
        ("left_child", 0, "or back"),
        ("right_child", -7, "or back"),
        ("feature", 99, "not there"),
        ("feature", -3, "not there"),
    ],
)
def test_a_doctored_tree_is_not_walked(tmp_path, field, value, message):
    tree = DecisionTreeRegressor(random_state=0).fit(X, Y)
    state = tree.tree_.__getstate__()
    state["nodes"][field][0] = value
    tree.tree_.__setstate__(state)
    with pytest.raises(SourceError, match=message):
        read_model(write_model(tmp_path, "tree", make_pipeline(MinMaxScaler(), tree), {}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("{", "no model card"),
        ("[1]", "no model card"),
        ("{}", "no model card"),
        ('{"format": "1", "name": "a", "model_sha256": "b"}', "no model card"),
        ('{"format": 1, "name": 3, "model_sha256": "b"}', "no model card"),
        ('{"format": 99, "name": "a", "model_sha256": "b"}', "made by a newer mbml"),
        ("[" * 100_000, "no model card"),
        ('{"a": "' + "x" * 2**20 + '"}', "longer than"),
    ],
)
def test_a_bad_card(card, text, message):
    card.write_text(text)
    with pytest.raises(SourceError, match=message):
        read_model(card)


@pytest.mark.slow
def test_a_zip_bomb_is_not_unpacked(card):
    path = card.with_suffix(".skops")
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("schema.json", "w", force_zip64=True) as entry,
    ):
        for _ in range(1100):
            entry.write(b" " * 2**20)
    rewrite_checksum(card)
    with pytest.raises(SourceError, match="unpacks to"):
        read_model(card)


def test_a_missing_file(card, tmp_path):
    card.with_suffix(".skops").unlink()
    with pytest.raises(UsageError, match="does not exist"):
        read_model(card)
    with pytest.raises(UsageError, match="does not exist"):
        read_model(tmp_path / "none.json")
