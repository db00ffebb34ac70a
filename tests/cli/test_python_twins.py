"""A command and the function that its help names do the same when nothing else is said."""

import inspect
import re

import pytest
import typer

import mbml.exports
from mbml.analysis.pareto import pareto
from mbml.cli import cells, doctor, evaluate, export, look, models, parquet, plots, report
from mbml.cli import compare as compare_command
from mbml.cli import download as download_command
from mbml.cli import ingest as ingest_command
from mbml.cli import pareto as pareto_command
from mbml.cli import search as search_command
from mbml.cli import surrogate as surrogate_command
from mbml.cli import train as train_command
from mbml.cli import upgrade as upgrade_command
from mbml.cli import verify as verify_command
from mbml.cli.app import app
from mbml.predictors.comparison import COMPARED_METRICS, compare
from mbml.predictors.evaluation import Grid, predictors_of
from mbml.predictors.evaluation import evaluate as run_evaluation
from mbml.predictors.models import Model, list_models, load_model
from mbml.predictors.models import rank as rank_space
from mbml.predictors.published_protocol import SEEDS, TRAIN_SIZES
from mbml.predictors.training import train
from mbml.reports.pictures import scatter
from mbml.reports.report import write_report
from mbml.searches.search import search
from mbml.sources.download import download as fetch
from mbml.spaces.nasbench201 import SIZE
from mbml.spaces.space import Space
from mbml.store import ingest
from mbml.store.contents import contents, describe, views
from mbml.store.parquet import script
from mbml.store.proxies import ingest_proxies
from mbml.store.query import query
from mbml.store.upgrade import upgrade
from mbml.store.verify import verify
from mbml.surrogate.nasbench101 import draw_cells, write_nasbench101
from mbml.surrogate.nasbench201 import write_nasbench201
from mbml.surrogate.natsbench import write_natsbench

#: Each command with its twins: the functions that take its parameters, some by another name.
TWINS = {
    "cell": (cells.cell, ()),
    "curve": (plots.curve, ()),
    "compare": (compare_command.compare, (compare,)),
    "demo": (lambda: None, ()),
    "describe": (look.describe, (describe,)),
    "download": (download_command.download, (fetch,)),
    "doctor": (doctor.doctor, (doctor.examine,)),
    "evaluate": (evaluate.evaluate, (Grid, run_evaluation)),
    "export": (
        export.export,
        (
            mbml.exports.export,
            mbml.exports.export_dataset,
            mbml.exports.export_naslib,
            mbml.exports.export_published,
            mbml.exports.export_results,
        ),
    ),
    "export-tables": (parquet.export_tables, (mbml.exports.export_tables,)),
    "info": (look.info, (contents,)),
    "ingest": (ingest_command.proxies, (ingest, ingest_proxies)),
    "models": (models.models, (list_models,)),
    "models show": (models.show, (load_model,)),
    "neighbours": (cells.neighbours, ()),
    "open-parquet": (parquet.open_parquet, (script,)),
    "pareto": (pareto_command.pareto, (pareto,)),
    "plot": (plots.plot, (scatter,)),
    "predict": (models.predict, (load_model, Model.predict)),
    "query": (look.query, (query,)),
    "rank": (models.rank, (load_model, rank_space)),
    "report": (report.report, (write_report,)),
    "sample": (cells.sample, (Space.draw,)),
    "search": (search_command.search, (search,)),
    "surrogate nasbench101": (surrogate_command.nasbench101, (draw_cells, write_nasbench101)),
    "surrogate nasbench201": (surrogate_command.nasbench201, (write_nasbench201,)),
    "surrogate natsbench": (surrogate_command.natsbench, (write_natsbench,)),
    "train": (train_command.train, (train,)),
    "upgrade": (upgrade_command.upgrade, (upgrade,)),
    "verify": (verify_command.verify, (verify,)),
    "views": (look.views, (views,)),
}
RENAMED = {
    "predictor": ("predictors",),
    "train_size": ("train_sizes", "train_size"),
    "seed": ("seeds", "seed"),
    "metric": ("metrics",),
    "number": ("count",),
    "architectures": ("cells",),
    "trial": ("one_trial",),
    "equivalents": ("equivalents_once",),
}
#: What a default of one side is on the other.
SAME = {"mean": False, "each": False, COMPARED_METRICS: None, SIZE: None, "1": 1}
#: Formats that the command chooses by its layout, and folders beside the warehouse.
LEFT_OUT = {("export", "format_name")} | {
    (name, "folder") for name in ("models", "predict", "rank")
}


def plain(value):
    value = getattr(value, "amount", value)
    return None if value in ((), [], "") else SAME.get(value, value)


def test_every_command_is_here():
    def paths(command, words=()):
        held = getattr(command, "commands", {})
        inner = [path for name, one in held.items() for path in paths(one, (*words, name))]
        return [" ".join(words), *inner] if words else inner

    named = set(paths(typer.main.get_command(app)))
    groups = {name for name in named if name == "surrogate" or name.startswith("ingest ")}
    assert named - groups == set(TWINS)


@pytest.mark.parametrize("name", TWINS)
def test_defaults_are_those_of_the_python_twin(name):
    command, twins = TWINS[name]
    own = inspect.signature(command).parameters
    compared = set()
    for twin in twins:
        theirs = inspect.signature(twin).parameters
        for parameter, one in own.items():
            for other in {parameter, *RENAMED.get(parameter, ())} & set(theirs):
                pair = one.default, theirs[other].default
                if inspect.Parameter.empty in pair or (name, parameter) in LEFT_OUT:
                    continue
                assert plain(pair[0]) == plain(pair[1]), f"{name}: {parameter}"
                compared.add(parameter)
    if name == "train":
        assert compared >= {"predictor", "features", "train_size", "seed", "target", "split"}
    if name == "evaluate":
        assert compared >= {"preset", "predictor", "features", "train_size", "seed", "target"}
    if name == "search":
        assert compared >= {"strategy", "budget", "seeds", "target", "features", "objectives"}


@pytest.mark.parametrize("name", TWINS)
def test_the_help_names_the_twin(name):
    command, twins = TWINS[name]
    if not twins or name == "ingest":
        return
    said = re.search(r"In Python: (.*)", inspect.getdoc(command))[1]
    assert any(f"{one.__name__}(" in said for one in twins)


def test_a_grid_in_python_takes_the_sizes_and_seeds_of_its_preset():
    published = Grid(views=("v",), preset="published")
    assert (published.train_sizes, published.seeds) == (TRAIN_SIZES, SEEDS)
    assert published.predictors == predictors_of("published")
    fixed = Grid(views=("v",))
    assert (fixed.train_sizes, fixed.seeds, fixed.predictors) == (
        (172,),
        (0,),
        predictors_of("fixed"),
    )
    own = Grid(views=("v",), preset="published", seeds=(7,), train_sizes=(50,))
    assert (own.train_sizes, own.seeds) == ((50,), (7,))
