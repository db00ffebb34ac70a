"""BibTeX of what to cite: the benchmarks and proxies loaded, the predictors and strategies used."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mbml.store import Warehouse

#: Entries whose key is not the name of the benchmark, data set, predictor or strategy itself.
_KEYS = {
    "natsbench_sss": ("natsbench",),
    "natsbench_folder": ("natsbench",),
    "natsbench_pickle": ("natsbench",),
    "proxies": ("zero_cost_proxies",),
    "cifar10": ("cifar",),
    "cifar10-valid": ("cifar",),
    "cifar100": ("cifar",),
    "ImageNet16-120": ("imagenet16",),
    "blend": ("xgboost", "scikit_learn"),
    "xgboost": ("xgboost",),
    "optuna:tpe": ("optuna",),
}
#: What was loaded and used, by name; predictors of scikit-learn are cited as that.
_USED = """
    select distinct benchmark as name from source
    union
    select distinct format from source
    union
    select distinct dataset from cell_metric
    union
    select distinct predictor from results.fit
    union
    select 'scikit_learn' from results.fit
    union
    select distinct split_part(strategy, ':', 1) from results.search where strategy <> 'optuna:tpe'
    union
    select distinct strategy from results.search
"""


def citations(warehouse: Warehouse | None = None) -> str:
    """Return BibTeX of the method, and of what a warehouse holds; without one, of everything.

    Parameters
    ----------
    warehouse
        An open warehouse.

    Examples
    --------
    >>> citations().splitlines()[0]
    '@article{mbml_nas,'
    """
    if warehouse is None:
        return _text()
    return cited({name for (name,) in warehouse.rows(_USED)})


def cited(names: Iterable[str]) -> str:
    """Return BibTeX of the method, and of benchmarks, data sets, predictors or strategies by name.

    Examples
    --------
    >>> cited(["cifar10"]).count("@")
    2
    """
    keys = {"mbml_nas", *(key for name in names for key in _KEYS.get(name, (name,)))}
    entries = re.split(r"\n(?=@)", _text())
    return "\n".join(one for one in entries if one[one.index("{") + 1 : one.index(",")] in keys)


def _text() -> str:
    return (files("mbml") / "citations.bib").read_text(encoding="utf-8")
