"""mbml: the published neural-architecture-search benchmarks in one SQL warehouse.

All that most programs need is here: `open` a warehouse, `ingest` files into it, `train`, `evaluate`
and `search` on its views, `report` and `export` them; `cell` reads architectures, `load_model` and
`rank` need no warehouse. Each name is imported when it is first used.

A function takes an open warehouse or the path of one (str or Path), a name or an entry of a
registry, a number or a `Budget`. Whatever is wrong raises an error of `mbml.errors`. Messages for
people go to the logger `mbml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mbml.lazily import imported_lazily

if TYPE_CHECKING:
    from mbml import errors
    from mbml._version import __version__
    from mbml.analysis.pareto import pareto
    from mbml.exports import export
    from mbml.predictors.evaluation import Grid, evaluate
    from mbml.predictors.models import load_model, rank
    from mbml.predictors.training import train
    from mbml.reports.report import write_report as report
    from mbml.searches.clock import Budget
    from mbml.searches.search import search
    from mbml.spaces.reading import cell
    from mbml.store import ingest_file as ingest
    from mbml.store import open_warehouse as open  # noqa: A004

__all__ = [
    "Budget",
    "Grid",
    "__version__",
    "cell",
    "errors",
    "evaluate",
    "export",
    "ingest",
    "load_model",
    "open",
    "pareto",
    "rank",
    "report",
    "search",
    "train",
]

#: Where each name is defined: the modules take seconds to import, and `import mbml` takes none.
_PLACES: Final = {
    "__version__": "mbml._version:__version__",
    "Budget": "mbml.searches.clock:Budget",
    "Grid": "mbml.predictors.evaluation:Grid",
    "cell": "mbml.spaces.reading:cell",
    "errors": "mbml.errors:",
    "evaluate": "mbml.predictors.evaluation:evaluate",
    "export": "mbml.exports:export",
    "ingest": "mbml.store.files:ingest_file",
    "load_model": "mbml.predictors.models:load_model",
    "open": "mbml.store.opening:open_warehouse",
    "pareto": "mbml.analysis.pareto:pareto",
    "rank": "mbml.predictors.models:rank",
    "report": "mbml.reports.report:write_report",
    "search": "mbml.searches.search:search",
    "train": "mbml.predictors.training:train",
}

__getattr__, __dir__ = imported_lazily(__name__, _PLACES)
