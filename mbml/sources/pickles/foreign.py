"""Objects of other packages in a pickle: refused, and named for what they are."""

from __future__ import annotations

from typing import Final

from mbml.sources.pickles.values import PickleFaultError, summary_of

_LOAD_ORIGINAL: Final = "Load the file that the benchmark publishes instead."
_CONVERT: Final = (
    "If you trust the file, convert it in Python:"
    " pandas.read_pickle('FILE').to_parquet('FILE.parquet'); then load that as a table."
)
#: By package: what its objects are, and what to do.
_KNOWN: Final = {
    "pandas": (
        "a pandas object",
        _CONVERT,
    ),
    "torch": (
        "PyTorch tensors or models, which are not read",
        "Save plain numbers instead, for example tensor.tolist().",
    ),
    "sklearn": (
        "a scikit-learn model, which is not read",
        "A model of mbml is a file that mbml has written.",
    ),
    "xgboost": ("an XGBoost model, which is not read", "Load a file of measurements."),
    "nasbench": ("objects of the NAS-Bench-101 API", _LOAD_ORIGINAL),
    "nas_201_api": ("objects of the NAS-Bench-201 API", _LOAD_ORIGINAL),
    "nats_bench": ("objects of the NATS-Bench API", _LOAD_ORIGINAL),
    "naslib": ("objects of NASLib", _LOAD_ORIGINAL),
}


def foreign_object(module: str, name: str) -> PickleFaultError:
    """Return the refusal of a global that data never names, by the package that it is of.

    Parameters
    ----------
    module, name
        The global as the file names it; it is neither imported nor looked up.
    """
    named = f"it names {summary_of(module)}.{summary_of(name)}"
    known = _KNOWN.get(module.partition(".")[0])
    if known is None:
        return PickleFaultError(f"{named}, which this format never does; nothing was imported")
    what, hint = known
    return PickleFaultError(f"it holds {what} ({named}; nothing was imported)", hint)
