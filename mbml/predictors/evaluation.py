"""Evaluation of a grid: views x training sizes x predictors x seeds, each fit stored as it ends.

A fit that is stored is not computed again; the same command goes on where it was stopped. Fits of
one predictor and size are taken in random order, and each is looked up before it starts, so that
two evaluations of the same grid at once share the work.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
import warnings
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from mbml import splits
from mbml._version import __version__
from mbml.benchmarks import MetaDataset
from mbml.engine import LOCAL, check_engine, run
from mbml.errors import MbmlError, UsageError, unknown_name
from mbml.features.problem import held_features
from mbml.features.registry import feature_set
from mbml.frames import find_dataset
from mbml.plugins import PluginError, guard
from mbml.predictors.protocols import HELD_OUT, protocol_of, read_problems
from mbml.predictors.published_protocol import (
    FEWEST_ROWS,
    INNER,
    PUBLISHED_GRIDS,
    SEEDS,
    TRAIN_SIZES,
    published_predictor,
)
from mbml.predictors.registry import PREDICTORS, Predictor, predictor
from mbml.predictors.training import train_on
from mbml.store import with_warehouse
from mbml.store.results import (
    Experiment,
    Fit,
    FitResult,
    read_fits,
    stored_fits,
    write_fit,
)
from mbml.text import described

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from mbml.features.registry import FeatureSet
    from mbml.frames import LearningProblem
    from mbml.predictors.training import TrainReport
    from mbml.store import Warehouse
    from mbml.store.warehouse import WarehouseOrPath


_LOG = logging.getLogger(__name__)
PRESETS = ("fixed", "published")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What to evaluate.

    Attributes
    ----------
    views, train_sizes, seeds, predictors
        Every combination is one fit; each is a tuple, another sequence, or a single value. The last
        three are the preset's own where none is given.
    preset
        `published` tunes as the publication did; `fixed` takes the registry's settings.
    features
        A feature set; each predictor's own if not given.
    target
        The outcome to predict.
    split
        A split as `mbml.splits.draw` takes it.
    protocol, score
        As `mbml.train` takes them.
    """

    views: tuple[str, ...]
    train_sizes: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    predictors: tuple[str, ...] = ()
    preset: str = "fixed"
    features: str | None = None
    target: str = "valid_accuracy"
    split: str = "published"
    protocol: str = HELD_OUT
    score: str | None = None

    def __post_init__(self) -> None:
        """Fill in what the preset says; raises `UsageError` if there is no such preset."""
        for one in fields(self)[:4]:
            object.__setattr__(self, one.name, _as_tuple(getattr(self, one.name)))
        published = self.preset == "published"
        own = {
            "predictors": predictors_of(self.preset),
            "train_sizes": TRAIN_SIZES if published else (172,),
            "seeds": SEEDS if published else (0,),
        }
        for name, values in own.items():
            if not getattr(self, name):
                object.__setattr__(self, name, values)

    def check(self) -> None:
        """Find out before anything is read whether predictors, sizes, seeds and protocol fit.

        Raises
        ------
        UsageError
            They are not.
        """
        for name in self.predictors:
            predictor_of(self.preset, name)
        rules = protocol_of(self.protocol)
        rules.check_split(self.split)
        rules.score_of(self.target, self.score)
        for seed in self.seeds:
            splits.check_seed(seed)
        for size in self.train_sizes:
            splits.check_size(size)
            if self.preset == "published" and size < FEWEST_ROWS:
                raise UsageError(
                    f"`train_size={size}` does not fit: the published search needs at least"
                    f" {FEWEST_ROWS} rows, two in each of its folds"
                )

    def fits(self) -> Iterator[Fit]:
        """Plan each fit once, in the order of views, sizes, predictors and seeds."""
        features = {
            name: self.features or predictor_of(self.preset, name).features
            for name in self.predictors
        }
        for view in dict.fromkeys(self.views):
            for size in dict.fromkeys(self.train_sizes):
                for name, learned_from in features.items():
                    for seed in dict.fromkeys(self.seeds):
                        yield Fit(
                            view=view,
                            features=learned_from,
                            predictor=name,
                            train_size=size,
                            seed=seed,
                        )


def _as_tuple(given: Any) -> tuple[Any, ...]:
    """Return what one value or several of them are, records by their names."""
    several = (given,) if isinstance(given, (str, int, MetaDataset, Predictor)) else tuple(given)
    return tuple(getattr(one, "name", one) for one in several)


def predictors_of(preset: str) -> tuple[str, ...]:
    """Return the names that a preset has.

    Raises
    ------
    UsageError
        There is no such preset.
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    return tuple(PUBLISHED_GRIDS if preset == "published" else PREDICTORS)


def predictor_of(preset: str, name: str) -> Predictor:
    """Return a predictor as a preset makes it; raises `UsageError` if the preset has none such."""
    return published_predictor(name) if preset == "published" else predictor(name)


_LIBRARIES = ("numpy", "scipy", "scikit-learn", "xgboost-cpu", "xgboost")


#: What a fit learns from: a view and a feature set.
Learned = tuple[str, str]


class FitData(NamedTuple):
    """What all fits of an experiment share: what is learned and scored, and the split's name."""

    problem: LearningProblem
    tested: LearningProblem
    experiment: Experiment
    split: str


def make_fit(prepared: dict[Learned, FitData], fit: Fit) -> Fit:
    """Make a planned fit, in one thread; whatever it raises becomes its failure."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always")
        try:
            report = _train(prepared[fit.view, fit.features], fit)
            tuned = _tuned(report)
        except MbmlError as error:
            return replace(fit, failure=f"{fit}: {error}")
        except Exception as error:  # noqa: BLE001 (one bad fit must not end the others)
            return replace(fit, failure=f"{fit}: {described(error)}")
    return replace(fit, result=_result(report, tuned, caught))


def _result(
    report: TrainReport, tuned: _Tuned | None, caught: Iterable[warnings.WarningMessage]
) -> FitResult:
    refit = report.fit_seconds if tuned is None else tuned.refit_seconds
    return FitResult(
        held_out=len(report.split.held_out),
        scored=len(report.scored),
        search_seconds=max(0.0, report.fit_seconds - refit),
        fit_seconds=refit,
        predict_seconds=report.predict_seconds,
        parameters={} if tuned is None else tuned.parameters,
        warnings=dict(Counter(one.category.__name__ for one in caught)),
        libraries=_versions(),
        scores=report.flat_scores(),
    )


def store_report(
    warehouse: WarehouseOrPath,
    report: TrainReport,
    *,
    split: str = "published",
    caught: Iterable[warnings.WarningMessage] = (),
    notify: Callable[[str], None] | None = None,
) -> bool:
    """Store the fit of a report as `evaluate` stores its own, with the preset `fixed`.

    Parameters
    ----------
    warehouse
        An open warehouse, or the path of one.
    report
        What `train` returned; scores of its intervals are not stored.
    split
        The split, as it was asked for.
    caught
        Warnings of the fit.
    notify
        Told why it takes so long, if another process holds the file.

    Returns
    -------
    bool
        False if the same fit was stored before.

    Raises
    ------
    WarehouseError
        The warehouse cannot be written.
    """
    known = feature_set(report.features)
    experiment = _experiment(
        report.problem,
        report.tested,
        known,
        preset="fixed",
        split=split,
        protocol=report.protocol,
    )
    fit = Fit(
        view=experiment.view_name,
        features=known.name,
        predictor=report.predictor,
        train_size=report.train_size,
        seed=report.seed,
        result=_result(replace(report, intervals=None), None, caught),
    )
    return with_warehouse(
        warehouse, lambda held: write_fit(held, experiment, fit), write=True, waiting=notify
    )


def _experiment(
    problem: LearningProblem,
    tested: LearningProblem,
    features: FeatureSet,
    *,
    preset: str,
    split: str,
    protocol: str,
) -> Experiment:
    data = problem.sha256()
    if tested is not problem:
        data = hashlib.sha256((data + tested.sha256()).encode()).hexdigest()
    return Experiment(
        view_name=problem.dataset.name,
        target=problem.target,
        features=features.name,
        features_version=features.version,
        preset=preset,
        protocol_version=PROTOCOL_VERSION,
        split=splits.split_identity(split),
        protocol=protocol,
        score=tested.target,
        test_view=tested.dataset.name,
        data_sha256=data,
        is_surrogate=problem.is_surrogate,
        rows=len(problem.y),
        left_out=problem.left_out,
    )


def _train(prepared: FitData, fit: Fit) -> TrainReport:
    return train_on(
        prepared.problem,
        feature_set(fit.features),
        tested=prepared.tested,
        predictor=predictor_of(prepared.experiment.preset, fit.predictor),
        train_size=fit.train_size,
        seed=fit.seed,
        split=prepared.split,
        protocol=prepared.experiment.protocol,
    )


class _Tuned(NamedTuple):
    """What a search for settings found, as plain values that travel and can be stored."""

    parameters: dict[str, Any]
    refit_seconds: float


def _tuned(report: TrainReport) -> _Tuned | None:
    """Return what the search inside a fitted predictor found, None if it has none."""
    with guard(predictor(report.predictor).owner, "cannot be asked for its settings"):
        model = report.regressor
        last = model[-1] if hasattr(type(model), "__getitem__") else None
        search: Any = getattr(last, "regressor_", None)
        if not hasattr(search, "best_params_"):
            return None
        found = {name.removeprefix(INNER): one for name, one in search.best_params_.items()}
        plain: dict[str, Any] = json.loads(json.dumps(found, default=repr))
        return _Tuned(plain, float(search.refit_time_))


def _versions() -> dict[str, str]:
    found = {"mbml": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found


#: Goes up when fits are made or scored in another way, so that earlier ones do not count as done.
PROTOCOL_VERSION = 1
#: Seconds after which another process may have stored fits that are to be left out.
_LOOK_AGAIN = 1.0


def evaluate(
    warehouse: WarehouseOrPath,
    grid: Grid | str | MetaDataset | Sequence[str | MetaDataset],
    *,
    jobs: int = 1,
    engine: str = LOCAL,
    progress: Callable[[int, int], None] | None = None,
    notify: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Evaluate a grid and store each fit in the warehouse as it completes.

    Parameters
    ----------
    warehouse
        A warehouse, or the path of one. By its path it is held only for moments, so that others can
        read and write between.
    grid
        What to evaluate, or views to evaluate all predictors on as `Grid` does by default.
    jobs
        Processes to fit in.
    engine
        Where to fit, as `mbml.engine.run` takes it.
    progress
        Called with the fits that are done, and their number in all.
    notify
        Told what a person should know while it runs; by default these are warnings of the logger
        `mbml`.

    Returns
    -------
    list of dict
        One flat object a fit, new or stored before, in the order of views, sizes, predictors and
        seeds; scores by name, of accuracies as fractions.

    Raises
    ------
    UsageError
        A name is unknown, or a view cannot serve a size.
    LockedError
        Another process held the warehouse too long.
    MbmlError
        Some fits failed, or the engine did; all others are stored.

    Examples
    --------
    >>> import mbml
    >>> view = "meta_nasbench201_cifar100_200epochs"
    >>> grid = mbml.Grid(views=view, predictors=["dummy", "lasso"], train_sizes=30, seeds=range(2))
    >>> fits = mbml.evaluate("warehouse/mbml.duckdb", grid)
    >>> [(fit["predictor"], fit["seed"]) for fit in fits]
    [('dummy', 0), ('dummy', 1), ('lasso', 0), ('lasso', 1)]
    """
    if not isinstance(grid, Grid):
        grid = Grid(views=_as_tuple(grid))
    notify = notify or _LOG.warning
    grid.check()
    check_engine(engine, jobs)
    planned, prepared, failed = with_warehouse(
        warehouse, lambda opened: _prepare(opened, grid, notify), waiting=notify
    )
    for one in prepared.values():
        _check_rows(one, grid)
    work = _Work(warehouse, planned, prepared, notify)
    total = len(work.planned) + len(failed)
    if progress is not None:
        progress(total - work.missing(), total)
    fitting = run(make_fit, work.pending(), shared=prepared, jobs=jobs, engine=engine)
    with closing(fitting) as fits:
        for fit in fits:
            if fit.failure:
                failed.append(fit)
                notify(f"failed: {fit.failure}")
            else:
                work.store(fit)
            if progress is not None:
                progress(total - work.missing(), total)
    if failed:
        raise MbmlError(
            f"{len(failed)} of {total} fits failed, the others are stored", *_by_predictor(failed)
        )
    return with_warehouse(warehouse, work.results, waiting=notify)


def _by_predictor(failed: list[Fit]) -> list[str]:
    """Return a line for each predictor that failed, with its first failure."""
    lines: dict[str, list[str]] = {}
    for fit in failed:
        lines.setdefault(fit.predictor, []).append(fit.failure)
    return [
        f"{name}: {len(failures)} failed, the first: {failures[0]}"
        for name, failures in lines.items()
    ]


class _Work:
    """The fits of a grid, those that are stored, and those that remain."""

    def __init__(
        self,
        warehouse: WarehouseOrPath,
        planned: list[Fit],
        prepared: dict[Learned, FitData],
        notify: Callable[[str], None],
    ) -> None:
        self.warehouse = warehouse
        self.planned = planned
        self.prepared = prepared
        self.notify = notify
        self.stored: set[Fit] = set()
        self._look()

    def missing(self) -> int:
        return len(self.planned) - len(self.stored.intersection(self.planned))

    def pending(self) -> Generator[Fit]:
        """Give the fits that are not stored when their turn comes, size by size."""
        blocks: dict[tuple[int, str], list[Fit]] = {}
        for fit in self.planned:
            blocks.setdefault((fit.train_size, fit.predictor), []).append(fit)
        for block in blocks.values():
            # Two evaluations at once then rarely take the same fit; no result depends on it.
            for fit in random.sample(block, len(block)):
                if fit not in self.stored and time.monotonic() - self.looked > _LOOK_AGAIN:
                    self._look()
                if fit not in self.stored:
                    yield fit

    def store(self, fit: Fit) -> None:
        """Store a finished fit, unless another process did so meanwhile."""
        experiment = self.prepared[fit.view, fit.features].experiment
        with_warehouse(
            self.warehouse,
            lambda opened: write_fit(opened, experiment, fit),
            write=True,
            waiting=self.notify,
        )
        self.stored.add(fit)

    def results(self, warehouse: Warehouse) -> list[dict[str, Any]]:
        """Read all fits of the grid, in its order."""
        held = {
            fit: fit
            for one in self.prepared.values()
            for fit in read_fits(warehouse, one.experiment)
        }
        return [_flat(self.prepared[fit.view, fit.features], held[fit]) for fit in self.planned]

    def _look(self) -> None:
        def look(opened: Warehouse) -> None:
            for one in self.prepared.values():
                self.stored |= stored_fits(opened, one.experiment)

        with_warehouse(self.warehouse, look, waiting=self.notify)
        self.looked = time.monotonic()


def _check_rows(prepared: FitData, grid: Grid) -> None:
    rows = prepared.problem.rows, prepared.tested.rows
    for size in grid.train_sizes:
        splits.draw(grid.split, *rows, train_size=size, seed=grid.seeds[0])


def _prepare(
    warehouse: Warehouse, grid: Grid, notify: Callable[[str], None]
) -> tuple[list[Fit], dict[Learned, FitData], list[Fit]]:
    """Plan the fits of a grid and read what they learn from.

    Fits name their features as they are held. Those whose features, of a plug-in, fail are returned
    last, with the reason.
    """
    datasets = {view: find_dataset(warehouse, view) for view in grid.views}
    told: set[str] = set()

    def notify_once(note: str) -> None:
        if note not in told:
            told.add(note)
            notify(note)

    held: dict[Learned, str] = {}
    prepared, unprepared = {}, {}
    for view, features in dict.fromkeys((fit.view, fit.features) for fit in grid.fits()):
        try:
            known = held_features(warehouse, datasets[view], feature_set(features))
            held[view, features] = known.name
            if (view, known.name) in prepared:  # another spelling of the same features
                continue
            learned, tested = read_problems(
                warehouse,
                datasets[view],
                known,
                protocol=protocol_of(grid.protocol),
                target=grid.target,
                score=grid.score,
                notify=notify_once,
            )
        except PluginError as error:
            held.pop((view, features), None)
            unprepared[view, features] = str(error)
            continue
        if grid.preset == "published" and learned.smaller_is_better:
            raise UsageError(
                f"the published study learns accuracies, not {grid.target}; leave out"
                " `preset=published`"
            )
        experiment = _experiment(
            learned,
            tested,
            known,
            preset=grid.preset,
            split=grid.split,
            protocol=grid.protocol,
        )
        prepared[view, known.name] = FitData(learned, tested, experiment, grid.split)
    planned = list(
        dict.fromkeys(
            replace(fit, features=held[fit.view, fit.features])
            for fit in grid.fits()
            if (fit.view, fit.features) in held
        )
    )
    failed = [
        replace(fit, failure=f"{fit}: {unprepared[fit.view, fit.features]}")
        for fit in grid.fits()
        if (fit.view, fit.features) in unprepared
    ]
    return planned, prepared, failed


def _flat(prepared: FitData, fit: Fit) -> dict[str, Any]:
    """Return a fit as one flat object, with the keys of `mbml train` where they mean the same."""
    problem, experiment, result = prepared.problem, prepared.experiment, fit.result
    if result is None:
        raise ValueError(f"{fit}: it has no result")
    return {
        "view": fit.view,
        "predictor": fit.predictor,
        "features": fit.features,
        "feature_epochs": problem.feature_epochs,
        "feature_seconds": problem.feature_seconds,
        "preset": experiment.preset,
        "train_size": fit.train_size,
        "seed": fit.seed,
        "split": experiment.split,
        "target": experiment.target,
        "target_view": problem.target_view,
        "protocol": experiment.protocol,
        "score": experiment.score,
        "test_view": experiment.test_view,
        "surrogate": experiment.is_surrogate,
        "held_out": result.held_out,
        "scored": result.scored,
        "left_out": problem.left_out,
        **result.scores,
        "search_seconds": result.search_seconds,
        "fit_seconds": result.fit_seconds,
        "predict_seconds": result.predict_seconds,
        **{f"parameter_{name}": value for name, value in result.parameters.items()},
        **{f"warnings_{name}": times for name, times in result.warnings.items()},
        **{f"version_{name}": text for name, text in result.libraries.items()},
    }


def summarise_fits(fits: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return mean and population deviation over the seeds of the main scores, protocols apart.

    Parameters
    ----------
    fits
        As `evaluate` returns them.

    Returns
    -------
    polars.DataFrame
        `view, train_size, predictor, features, protocol, score, seeds`, each score with its
        `…_std`, mean seconds.
    """
    import polars as pl

    from mbml.metrics import over_seeds

    frame = pl.DataFrame(fits, infer_schema_length=None)
    setting = ("view", "train_size", "predictor", "features", "protocol", "score")
    return frame.group_by(setting, maintain_order=True).agg(
        pl.len().alias("seeds"),
        *over_seeds(("mae", "r2", "kendall_tau")),
        pl.col("search_seconds", "fit_seconds").mean(),
    )
