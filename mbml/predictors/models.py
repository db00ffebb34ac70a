"""Models: trained predictors by name, those that a user saved and those that ship with mbml.

A saved model lives in a folder of the user's, a pre-trained one is called `pretrained:NAME`.
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbml.errors import MbmlError, SourceError, UsageError, unknown_name
from mbml.predictors.model import Model
from mbml.predictors.model_file import check_name, read_card, read_model, write_model
from mbml.text import quoted
from mbml.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from mbml.predictors.training import TrainReport
    from mbml.spaces.space import Space
    from mbml.store.warehouse import WarehouseOrPath

MODELS_FOLDER = Path("warehouse/models")
PRETRAINED = "pretrained:"
_HINT = "Train the model anew, or use the mbml that made it."
_OF_TEST = (
    "trained on test accuracies: a test accuracy of an architecture that it selects is not an"
    " independent estimate"
)
_LIBRARIES = ("mbml", "numpy", "scikit-learn", "skops", "xgboost")


def save_model(
    report: TrainReport,
    warehouse: WarehouseOrPath,
    name: str,
    *,
    folder: Path | str = MODELS_FOLDER,
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Save what `train` made.

    Parameters
    ----------
    report
        The training.
    warehouse
        The warehouse that it was trained on, or its path; the card names its sources.
    name
        Name of the model.
    folder
        Where models are kept.
    more
        More entries of the card.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    UsageError
        The name cannot be one, or is taken, the target is no outcome, or the features have too long
        a name for a card.
    """
    from mbml.features.registry import feature_set
    from mbml.predictors.saved.rules import plain
    from mbml.store.contents import contents

    if report.problem.smaller_is_better:
        raise UsageError(
            f"cannot save {quoted(name)}: it predicts {report.problem.target}, and saved models"
            " predict accuracies; train without saving it"
        )
    if not plain(report.features):
        raise UsageError(
            f"cannot save {quoted(name)}: the name of its features has {len(report.features):,}"
            " characters, too many for a card; choose fewer columns"
        )
    dataset = report.problem.dataset
    sources = contents(warehouse).sources
    card = {
        **report.flat(),
        "benchmark": dataset.benchmark,
        "dataset": dataset.dataset,
        "own_view": dataset.is_own,
        "note": _OF_TEST if "test" in report.problem.target else None,
        "features_version": feature_set(report.features).version,
        "sources": sources.filter(sources["benchmark"] == dataset.benchmark)
        .select("file_name", "release", "sha256", "is_surrogate")
        .to_dicts(),
        "libraries": {one: version(_distribution(one)) for one in _LIBRARIES},
        **(more or {}),
    }
    for measured in ("fit_seconds", "predict_seconds"):
        del card[measured]
    finite = {key: None if value != value else value for key, value in card.items()}  # noqa: PLR0124
    return write_model(as_path(folder), name, report.regressor, finite, prove=True)


def load_model(name: str, *, folder: Path | str = MODELS_FOLDER) -> Model:
    """Load a model by name.

    Parameters
    ----------
    name
        That of a saved model, or `pretrained:` and that of one that ships with mbml.
    folder
        Where models are kept.

    Returns
    -------
    Model
        The model: `predict` takes cells, `best` ranks the search space. A notebook shows its card.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    SourceError
        Its files are damaged, hostile, or made for other features.

    Examples
    --------
    >>> import mbml
    >>> mbml.load_model("pretrained:nasbench201-cifar10valid").card["train_size"]
    1563
    """
    from mbml.features.registry import feature_set
    from mbml.predictors.fitted import FittedPipeline
    from mbml.predictors.registry import predictor
    from mbml.predictors.saved.card import check_model, check_types
    from mbml.spaces.registry import space

    path = _path(name, as_path(folder))
    pipeline, card = read_model(path)
    lookups = {"predictor": predictor, "benchmark": space, "features": feature_set}
    for key, look_up in lookups.items():
        try:
            look_up(str(card.get(key)))
        except UsageError as error:
            raise SourceError(path, key, str(error), _HINT) from None
    features = feature_set(card["features"])
    wanted = card.get("features_version")
    if features.version != wanted:
        raise SourceError(
            path,
            "features_version",
            f"is {wanted}, and this mbml's {features.name} has version {features.version}",
            _HINT,
        )
    check_types(path, card)
    if not isinstance(pipeline, FittedPipeline):
        raise SourceError(path.with_suffix(".skops"), "", "takes no frame of features", _HINT)
    check_model(path, card, pipeline, predictor(card["predictor"]), features)
    return Model(card, pipeline, path)


def rank(
    space: str | Space[Any],
    model: str | Model,
    *,
    count: int = 10,
    folder: Path | str = MODELS_FOLDER,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Rank a whole search space by a model, and return the cells that it predicts to be best.

    Parameters
    ----------
    space
        The search space: its name, or its entry.
    model
        A model, or the name of one as `load_model` takes it.
    count
        How many cells.
    folder
        Where models are kept.
    progress
        Called with the number of cells predicted, and of all.

    Returns
    -------
    polars.DataFrame
        As `Model.best` returns them: `rank, arch_key, accuracy, lower, upper, at_floor`.

    Raises
    ------
    UsageError
        There is no such space or model, the model is for another space, or `count` is not positive.
    SourceError
        The files of the model are damaged, hostile, or made for other features.

    Examples
    --------
    >>> import mbml
    >>> best = mbml.rank("nasbench201", "pretrained:nasbench201-cifar100", count=3)
    >>> best["rank"].to_list()
    [1, 2, 3]
    """
    from mbml.spaces.registry import space as find_space
    from mbml.spaces.space import Space

    wanted = space if isinstance(space, Space) else find_space(space)
    if not isinstance(count, int) or count < 1:
        raise UsageError(f"`count` must be at least 1, got {quoted(count)}")
    known = model if isinstance(model, Model) else load_model(model, folder=folder)
    if known.card["benchmark"] != wanted.name:
        raise UsageError(
            f"{known.path.stem} is for {known.card['benchmark']}, not for {wanted.name}"
        )
    return known.best(count, progress=progress)


def list_models(folder: Path | str = MODELS_FOLDER) -> list[dict[str, Any]]:
    """Return the cards of all models, the pre-trained ones first, by name.

    A card that cannot be read is there as its `name` and the `problem` with it.
    """
    return [
        _card_or_problem(path) | {"name": prefix + path.stem}
        for place, prefix in ((pretrained_folder(), PRETRAINED), (as_path(folder), ""))
        for path in sorted(place.glob("*.json"))
    ]


def _card_or_problem(path: Path) -> dict[str, Any]:
    from mbml.predictors.saved.card import check_types

    try:
        card = read_card(path)
        check_types(path, card)
    except (MbmlError, OSError) as error:
        return {"problem": str(error)}
    return card


def pretrained_folder() -> Path:
    """Return the folder of the models that ship with mbml."""
    return Path(str(files("mbml.predictors"))) / "pretrained"


def _path(name: str, folder: Path) -> Path:
    if not isinstance(name, str):
        raise UsageError(f"expected the name of a model, got {quoted(name)}")
    if name.startswith(PRETRAINED):
        place, stem, prefix = pretrained_folder(), name.removeprefix(PRETRAINED), PRETRAINED
    else:
        place, stem, prefix = folder, name, ""
    check_name(stem)
    path = place / f"{stem}.json"
    if not path.exists():
        saved = [one.stem for one in folder.glob("*.json")]
        shipped = [PRETRAINED + one.stem for one in pretrained_folder().glob("*.json")]
        raise unknown_name("model", prefix + stem, [*saved, *shipped])
    return path


def _distribution(library: str) -> str:
    """Return the name under which a library was installed."""
    from importlib.metadata import packages_distributions

    if library != "xgboost":
        return library
    return packages_distributions()["xgboost"][0]
