"""What the shell offers after the Tab key: names of views, predictors, strategies, models."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mbml.errors import MbmlError

if TYPE_CHECKING:
    from collections.abc import Iterable


def views(incomplete: str) -> list[str]:
    """Return the views of the warehouse, yours too; without one, those that mbml has."""
    return _starting(incomplete, _views())


def predictors(incomplete: str) -> list[str]:
    """Return the predictors, those of plug-ins too."""
    from mbml.predictors.registry import PREDICTOR_PLUGINS, PREDICTORS

    return _starting(incomplete, [*PREDICTORS, *PREDICTOR_PLUGINS.names()])


def protocols(incomplete: str) -> list[str]:
    """Return the protocols of scores."""
    from mbml.predictors.protocols import PROTOCOLS

    return _starting(incomplete, PROTOCOLS)


def strategies(incomplete: str) -> list[str]:
    """Return the strategies."""
    from mbml.searches.strategies.registry import NAMES

    return _starting(incomplete, NAMES)


def feature_sets(incomplete: str) -> list[str]:
    """Return the feature sets, after others that stand before a `+`."""
    from mbml.features.registry import FEATURE_PLUGINS, FEATURE_SETS

    before, plus, last = incomplete.rpartition("+")
    names = [*FEATURE_SETS, *FEATURE_PLUGINS.names()]
    return [before + plus + name for name in _starting(last, names)]


def models(incomplete: str) -> list[str]:
    """Return the saved models in the usual folder, and those that ship with mbml."""
    from mbml.cli.options import beside_warehouse
    from mbml.predictors.models import list_models

    with suppress(MbmlError, OSError):
        return _starting(
            incomplete, [one["name"] for one in list_models(beside_warehouse("models"))]
        )
    return []


def datasets(incomplete: str) -> list[str]:
    """Return the data sets of all benchmarks."""
    from mbml.benchmarks import BENCHMARKS

    return _starting(incomplete, [name for one in BENCHMARKS.values() for name in one.datasets])


def spaces(incomplete: str) -> list[str]:
    """Return the search spaces, those of plug-ins too."""
    from mbml.benchmarks import benchmark_names

    return _starting(incomplete, benchmark_names())


def downloads(incomplete: str) -> list[str]:
    """Return what `mbml download` can fetch."""
    from mbml.sources.published import PUBLISHED_FILES

    return _starting(incomplete, [one.download for one in PUBLISHED_FILES])


def _views() -> Iterable[str]:
    from mbml.cli.options import opened_by_default
    from mbml.datasets import JOINED_VIEWS, META_DATASETS
    from mbml.store import open_warehouse
    from mbml.store.contents import views_by_name

    # Nothing that is wrong with the warehouse may disturb a line that is being typed.
    with suppress(MbmlError, OSError), open_warehouse(opened_by_default()) as warehouse:
        return list(views_by_name(warehouse))
    return META_DATASETS | JOINED_VIEWS


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})
