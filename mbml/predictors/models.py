"""Models: trained predictors by name, those that a user saved and those that ship with mbml.

A saved model lives in a folder of the user's, a pre-trained one is called `pretrained:NAME`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbml.errors import CellError, SourceError, UsageError, unknown_name
from mbml.predictors.model_file import check_name, read_card, read_model, write_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl

    from mbml.predictors.train_report import TrainReport
    from mbml.store import Warehouse

DEFAULT_FOLDER = Path("warehouse/models")
PRETRAINED = "pretrained:"
_HINT = "Train the model anew, or use the mbml that made it."
_LIBRARIES = ("mbml", "numpy", "scikit-learn", "skops", "xgboost")
#: Cells whose features are in memory together.
CELLS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Model:
    """A trained predictor of one meta-dataset's target.

    Attributes
    ----------
    card
        What is known of it: view, target, training set, scores, sources.
    pipeline
        The fitted pipeline, from a frame of features to accuracies.
    """

    card: Mapping[str, Any]
    pipeline: Any

    def predict(self, cells: Sequence[str]) -> pl.DataFrame:
        """Predict accuracies of cells, without a warehouse.

        Parameters
        ----------
        cells
            Architectures as the command line takes them; see `mbml cell`.

        Returns
        -------
        polars.DataFrame
            `arch_key, accuracy, lower, upper`, one row a cell: fractions; the bounds hold a new
            measurement with a probability of 0.9, NULL if the predictor has no interval.

        Raises
        ------
        CellError
            A text is no architecture of the model's space.

        Examples
        --------
        >>> import mbml
        >>> model = mbml.load_model("pretrained:nasbench201-cifar10valid")
        >>> edge = "nor_conv_3x3"
        >>> cell = f"|{edge}~0|+|{edge}~0|{edge}~1|+|skip_connect~0|{edge}~1|{edge}~2|"
        >>> bool(0.90 < model.predict([cell])["accuracy"].item() < 0.93)
        True
        """
        import polars as pl

        keys = [_key(self.card["benchmark"], cell) for cell in cells]
        none = pl.DataFrame(schema=dict.fromkeys(("accuracy", "lower", "upper"), pl.Float64))
        found = pl.concat([none, *map(self._intervals, _pieces(cells))])
        return found.insert_column(0, pl.Series("arch_key", keys, dtype=pl.String))

    def best(
        self, count: int, *, progress: Callable[[int, int], None] | None = None
    ) -> pl.DataFrame:
        """Rank the whole search space, and return the cells of the highest predicted accuracy.

        Parameters
        ----------
        count
            How many.
        progress
            Called with the number of cells predicted, and of all.

        Returns
        -------
        polars.DataFrame
            `rank`, the columns of `predict`, and `cell`, as `predict` takes it, where that is not
            the key; equal predictions stand in the order of the space.
        """
        import polars as pl

        from mbml.spaces.registry import SPACES

        texts = SPACES[self.card["benchmark"]].texts()
        best = pl.DataFrame(schema={"cell": pl.String, "accuracy": pl.Float64})
        done = 0
        for cells in _pieces(texts):
            accuracies = self.pipeline.predict(self._features(cells))
            made = pl.DataFrame({"cell": cells, "accuracy": accuracies}, schema=best.schema)
            best = pl.concat([best, made])
            best = best.sort("accuracy", descending=True, maintain_order=True).head(count)
            done += len(cells)
            if progress is not None:
                progress(done, len(texts))
        # Keys and intervals cost far more than accuracies: only the best are given them.
        found = self.predict(best["cell"].to_list()).with_columns(best["accuracy"], best["cell"])
        if found["cell"].equals(found["arch_key"]):
            found = found.drop("cell")
        return found.insert_column(0, pl.int_range(1, found.height + 1, eager=True).alias("rank"))

    def _intervals(self, cells: Sequence[str]) -> pl.DataFrame:
        import polars as pl

        from mbml.predictors.registry import predictor

        features = self._features(cells)
        found: dict[str, Any]
        if predictor(self.card["predictor"]).intervals:
            from mbml.predictors.intervals import predict_interval

            found = predict_interval(self.pipeline, features)._asdict()
        else:
            found = {"accuracy": self.pipeline.predict(features), "lower": None, "upper": None}
        return pl.DataFrame(found, schema=dict.fromkeys(found, pl.Float64))

    def _features(self, cells: Sequence[str]) -> pl.DataFrame:
        from mbml.features.registry import feature_set

        features = feature_set(self.card["features"])
        return features.of_cells(self.card["benchmark"], cells, dataset=self.card["dataset"])


def save_model(
    report: TrainReport,
    warehouse: Warehouse,
    name: str,
    *,
    folder: Path = DEFAULT_FOLDER,
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Save what `train` made.

    Parameters
    ----------
    report
        The training.
    warehouse
        The warehouse that it was trained on, whose sources the card names.
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
        The name cannot be one, or is taken.
    """
    from mbml.features.registry import feature_set
    from mbml.store.contents import contents

    dataset = report.problem.dataset
    sources = contents(warehouse).sources
    card = {
        **report.flat(),
        "benchmark": dataset.benchmark,
        "dataset": dataset.dataset,
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
    return write_model(folder, name, report.regressor, finite)


def load_model(name: str, *, folder: Path = DEFAULT_FOLDER) -> Model:
    """Load a model by name.

    Parameters
    ----------
    name
        That of a saved model, or `pretrained:` and that of one that ships with mbml.
    folder
        Where models are kept.

    Raises
    ------
    UsageError
        There is none of that name; close names are told.
    SourceError
        Its files are damaged, hostile, or made for other features.
    """
    from mbml.features.registry import feature_set
    from mbml.predictors.registry import predictor
    from mbml.spaces.registry import space

    path = _path(name, folder)
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
    return Model(card, pipeline)


def list_models(folder: Path = DEFAULT_FOLDER) -> list[dict[str, Any]]:
    """Return the cards of all models, the pre-trained ones first, by name."""
    return [
        read_card(path) | {"name": prefix + path.stem}
        for place, prefix in ((pretrained_folder(), PRETRAINED), (folder, ""))
        for path in sorted(place.glob("*.json"))
    ]


def pretrained_folder() -> Path:
    """Return the folder of the models that ship with mbml."""
    return Path(str(files("mbml.predictors"))) / "pretrained"


def _path(name: str, folder: Path) -> Path:
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


def _key(benchmark: str, text: str) -> str:
    """Return the benchmark's own key of an architecture."""
    from mbml.spaces.registry import SPACES, recognise

    space = SPACES[benchmark]
    try:
        cell = space.parse(text)
    except CellError as error:
        # Told apart: no cell at all, and a cell of another space.
        found, _ = recognise(text)
        raise CellError(f"{text!r} is of {found.title}; the model is for {space.title}") from error
    return space.key(cell)


def _pieces(cells: Sequence[str]) -> Iterator[Sequence[str]]:
    return (cells[start : start + CELLS_AT_ONCE] for start in range(0, len(cells), CELLS_AT_ONCE))


def _distribution(library: str) -> str:
    """Return the name under which a library was installed."""
    from importlib.metadata import packages_distributions

    if library != "xgboost":
        return library
    return packages_distributions()["xgboost"][0]
