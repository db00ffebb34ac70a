"""Small saved models, ways to doctor them, and a process that uses them as a user does."""

from __future__ import annotations

import hashlib
import io
import json
import select
import subprocess
import sys
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path

import numpy as np

from mbml.predictors.saved.ubjson import decode, encode

CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|",
)
VIEW = "meta_nasbench201_cifar100_200epochs"
#: A model must be refused, or have predicted, within this.
SECONDS = 60
#: Fewer trees and folds than `mbml train` makes, so that tests are fast.
_SMALL = {
    "n_estimators": 6,
    "folds": 2,
    "max_iter": 60,
    "n_neighbors": 5,
    "hidden_layer_sizes": (9,),
}


@cache
def small_model(predictor):
    """A saved model of a predictor with its card, as `pack` packs them."""
    from mbml.datasets import meta_dataset
    from mbml.features.registry import feature_set
    from mbml.predictors.model_file import write_model
    from mbml.predictors.preparation import Columns
    from mbml.predictors.registry import PREDICTORS
    from mbml.spaces import nasbench201

    chosen, dataset = PREDICTORS[predictor], meta_dataset(VIEW)
    features = feature_set(chosen.features)
    cells = list(nasbench201.official_order()[7:47])
    x = features.of_cells(dataset.benchmark, cells, dataset=dataset.dataset)
    columns = Columns.of(features, dataset.benchmark)
    model = chosen.build(0, columns, dataset, intervals=chosen.intervals)
    for name in model.get_params():
        if (last := name.rpartition("__")[2]) in _SMALL and "members" not in name:
            model.set_params(**{name: _SMALL[last]})
    for name, value in model.get_params().items():
        if name.endswith("members"):
            for member in value:
                if hasattr(member.regressor, "n_estimators"):
                    member.regressor.set_params(n_estimators=6)
    y = 0.3 + 0.6 * np.random.default_rng(0).random(len(cells))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
    card = {
        "view": VIEW,
        "predictor": predictor,
        "features": features.name,
        "features_version": features.version,
        "benchmark": dataset.benchmark,
        "dataset": dataset.dataset,
        "target": "valid_accuracy",
        "train_size": len(cells),
        "seed": 0,
        "kendall_tau": 0.5,
        "mae": 0.01,
        "surrogate": True,
        "note": None,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = write_model(Path(folder), "small", model, card)
        return pack(
            json.loads(path.read_text()), Entries.read(path.with_suffix(".skops").read_bytes())
        )


#: What only a fitted part has, where no name ends in "_".
_FITTED = {"_Booster", "handle", "nodes", "steps"}


def _learnt(name):
    return name.endswith("_")


class Entries:
    """What is in a model file: the schema, arrays and boosters, by name."""

    def __init__(self, schema, files):
        self.schema = schema
        self.files = files

    @classmethod
    def read(cls, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        return cls(json.loads(files.pop("schema.json")), files)

    def written(self):
        """Bytes of the file; not compressed, so that damage to them reaches what is in them."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in self.files.items():
                archive.writestr(zipfile.ZipInfo(name), data)
            archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(self.schema))
        return buffer.getvalue()

    def nodes(self):
        """Yield each node with the place that holds it: a container and a key."""

        def walk(holder):
            for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
                if key == "key_types":
                    continue
                if isinstance(value, dict) and "__loader__" in value:
                    yield holder, key, value
                if isinstance(value, dict | list):
                    yield from walk(value)

        return walk(self.schema)

    def parts(self, kind):
        """Return the attributes of each part of a class, named without its module."""
        nodes = [self.schema, *(node for _, _, node in self.nodes())]
        return [one["content"]["content"] for one in nodes if one["__class__"] == kind]

    def fitted(self, kind):
        """Return the attributes of a fitted part of a class."""
        made = [one for one in self.parts(kind) if _FITTED & set(one) or any(map(_learnt, one))]
        return made[-1]

    def array(self, node, change):
        """Change an array in place, or put another in its place."""
        array = np.load(io.BytesIO(self.files[node["file"]]))
        changed = change(array)
        buffer = io.BytesIO()
        np.save(buffer, array if changed is None else changed)
        # Another name, and no number: the file may be that of another array, too.
        node.pop("__id__", None)
        node["file"] = f"changed{len(self.files)}.npy"
        self.files[node["file"]] = buffer.getvalue()

    def booster(self, change):
        """Change what an XGBoost model holds."""
        node = self.fitted("Booster")["handle"]
        held = decode(self.files[node["file"]])
        change(held["Model"]["learner"])
        self.files[node["file"]] = encode(held)


def pack(card, entries):
    """Put a card and a model file into one text of bytes."""
    text = card if isinstance(card, bytes) else json.dumps(card).encode()
    return len(text).to_bytes(4, "big") + text + entries.written()


def unpack(data):
    """Return the bytes of a card and of a model file."""
    end = 4 + int.from_bytes(data[:4], "big")
    return data[4:end], data[end:]


def write(folder, data, name="small"):
    """Write a packed model into a folder; the checksum is right, if there is a card to hold it."""
    text, model = unpack(data)
    folder.mkdir(exist_ok=True)
    try:
        card = json.loads(text)
        card["model_sha256"] = hashlib.sha256(model).hexdigest()
        text = json.dumps(card).encode()
    except (ValueError, TypeError, RecursionError):
        pass
    (folder / f"{name}.skops").write_bytes(model)
    (folder / f"{name}.json").write_bytes(text)


class Process:
    """Predicts with models in a process of its own, so that its end is seen."""

    def __init__(self):
        self._process = None

    def ending(self, folder, name="small"):
        """Predict; returns `refused` or `predicted`.

        Raises
        ------
        AssertionError
            It ended otherwise.
        """
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self._process.stdin.write(f"{json.dumps([str(folder), name])}\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], SECONDS)
        answer = self._process.stdout.readline() if ready else ""
        if not answer:
            if not ready:
                self._process.kill()
            code = self._process.wait()
            raise AssertionError(f"{'died' if ready else 'took too long'}: exit code {code}")
        how = json.loads(answer)
        assert how in ("refused", "predicted"), how
        return how

    def close(self):
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()


def _use(folder, name):
    """Ask the command line about a model, and hold the answer to the rules."""
    from typer.testing import CliRunner

    from mbml.cli.app import app

    listed = CliRunner().invoke(app, ["models", "--models", folder])
    if listed.exit_code or "pretrained:" not in listed.stdout or name not in listed.stdout:
        return f"mbml models: {listed.exit_code} {listed.output[-500:]}"
    call = ["predict", name, *CELLS, "--models", folder, "--json"]
    done = CliRunner().invoke(app, call)
    if "fault of mbml" in done.output or "\x1b" in done.output + listed.output:
        return done.output + listed.output
    if done.exit_code == 5:
        return "refused"
    if done.exit_code:
        return f"exit code {done.exit_code}: {done.output}"
    accuracies = [row["accuracy"] for row in json.loads(done.stdout)]
    return "predicted" if np.isfinite(np.array(accuracies, float)).all() else str(accuracies)


def _serve():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(_use(*json.loads(line))), flush=True)


if __name__ == "__main__":
    _serve()
