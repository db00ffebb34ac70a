"""The card of a model: of the right types, and of the model that it comes with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mbml.datasets import meta_dataset, own_meta_dataset
from mbml.errors import MbmlError, SourceError, UsageError
from mbml.metrics import METRICS
from mbml.predictors.saved.parts import RefusedError
from mbml.predictors.saved.rules import flag, number, plain, whole_number
from mbml.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mbml.benchmarks import MetaDataset
    from mbml.features.registry import FeatureSet
    from mbml.predictors.registry import Predictor

_TEXTS = [
    "view",
    "predictor",
    "features",
    "split",
    "target",
    "target_view",
    "protocol",
    "score",
    "test_view",
    "benchmark",
    "dataset",
    "features_version",
]
_COUNTS = [
    "format",
    "train_size",
    "seed",
    "held_out",
    "scored",
    "left_out",
    "feature_epochs",
    "model_bytes",
]
_SCORES = (*(one.name for one in METRICS), "interval_level", "interval_coverage", "interval_width")
_HINT = "Fetch the card again, or train the model anew."


def check_types(path: Path, card: Mapping[str, Any]) -> None:
    """Check that each entry is of the type that commands take it for.

    Raises
    ------
    SourceError
        One is not.
    """
    for name, value in card.items():
        try:
            _check_entry(name, value)
        except RefusedError as error:
            raise SourceError(path, name, str(error), _HINT) from None


def _check_entry(name: str, value: Any) -> None:
    if not plain(value):
        raise RefusedError(f"is {quoted(value)}: nested too deeply, or longer than a card's entry")
    if name in _TEXTS and not isinstance(value, str):
        raise RefusedError(f"is {quoted(value)}, expected a text")
    if name == "note" and not isinstance(value, str | None):
        raise RefusedError(f"is {quoted(value)}, expected a text or null")
    if name in _COUNTS:
        whole_number(0, 2**62)(value, {})
    if name in _SCORES and value is not None:
        number()(value, {})
    if name in ("surrogate", "own_view"):
        flag()(value, {})


def check_model(
    path: Path, card: Mapping[str, Any], model: Any, predictor: Predictor, features: FeatureSet
) -> None:
    """Check that a card describes its model.

    Parameters
    ----------
    path
        Of the card.
    card
        Of checked types.
    model
        The fitted pipeline.
    predictor, features
        Those that the card names.

    Raises
    ------
    SourceError
        The model is another's.
    """
    try:
        if card.get("own_view"):
            dataset = own_meta_dataset(
                card.get("view", ""), card.get("benchmark", ""), card.get("dataset", "")
            )
        else:
            dataset = meta_dataset(card.get("view", ""))
    except UsageError as error:
        problem = f"is {quoted(card.get('view'))}, no view of mbml ({error})"
        raise SourceError(path, "view", problem, _HINT) from None
    for name in ("benchmark", "dataset"):
        if card.get(name) != getattr(dataset, name):
            of_view = f"the view is of {getattr(dataset, name)}"
            raise SourceError(path, name, f"is {quoted(card.get(name))}, but {of_view}", _HINT)
    try:
        columns = list(features.columns(dataset.benchmark))
    except MbmlError as error:
        raise SourceError(path, "features", str(error), _HINT) from None
    names = getattr(model, "feature_names_in_", None)
    others = names is not None and list(names) != columns
    if others or model.n_features_in_ != len(columns):
        problem = f"are {features.name}, but the model takes {model.n_features_in_} other columns"
        raise SourceError(path, "features", problem, _HINT)
    _check_predictor(path, model, predictor, dataset)


def _check_predictor(path: Path, model: Any, predictor: Predictor, dataset: MetaDataset) -> None:
    from mbml.predictors.fitted import FittedUnit

    last = model[-1]
    regressor = getattr(last, "regressor_", last)
    # What a plug-in makes may change from one version of it to the next.
    made_of = _made_of(regressor)
    if predictor.owner is None and made_of != predictor.made_of:
        problem = f"is {predictor.name}, but the model is made of {made_of[0]}"
        raise SourceError(path, "predictor", problem, _HINT)
    unit = getattr(last, "transformer_", None)
    if isinstance(unit, FittedUnit) and unit.factor != dataset.target_scale:
        problem = f"is {dataset.name}, but the model predicts in another unit"
        raise SourceError(path, "view", problem, _HINT)


def _made_of(regressor: Any) -> tuple[str, ...]:
    """Return what `Predictor.made_of` is of the predictor that was saved."""
    from mbml.predictors.fitted import FittedBlend, FittedCrossValidated

    if isinstance(regressor, FittedCrossValidated):
        regressor = regressor.regressor_
    if isinstance(regressor, FittedBlend):
        return ("Blend", *(one.name for one in regressor.members))
    return (type(regressor).__name__,)
