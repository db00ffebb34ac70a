"""A model at work: predictions of cells, and the best of a whole search space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mbml.errors import CellError, SourceError, UsageError
from mbml.plugins import WrongResultError
from mbml.text import described, html_table, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from mbml.spaces.space import Architecture, Space

#: Cells whose features are in memory together.
PREDICTED_AT_ONCE = 16_384
_HINT = "Train the model anew, or fetch the file again."


@dataclass(frozen=True)
class Model:
    """A trained predictor of one meta-dataset's target.

    Attributes
    ----------
    card
        What is known of it: view, target, training set, scores, sources.
    pipeline
        From a frame of features to accuracies, as `mbml.predictors.fitted` has it.
    path
        Its card, for messages.
    """

    card: Mapping[str, Any]
    pipeline: Any
    path: Path

    def _repr_html_(self) -> str:
        """Show the card, in a notebook."""
        rows = [(name, one) for name, one in self.card.items() if not isinstance(one, (dict, list))]
        title = f"{self.path.stem}: {self.card['predictor']} on {self.card['view']}"
        if self.card.get("surrogate"):
            title = f"SURROGATE DATA: {title}"
        return html_table(title, ("card", "value"), rows)

    def predict(self, cells: Iterable[Any]) -> pl.DataFrame:
        """Predict accuracies of cells, without a warehouse.

        Parameters
        ----------
        cells
            A list of architectures, or of anything that `mbml.cell` reads: texts, official
            indices, hashes, tuples, one-hots. A column of a frame or the rows of an array do as
            well. A tuple of numbers or of lists is refused, as it may be one architecture or
            several.

        Returns
        -------
        polars.DataFrame
            `arch_key, accuracy, lower, upper, at_floor`, one row a cell. Accuracies and their
            bounds are fractions. The bounds are a 90 % prediction interval, NULL if the model was
            trained without intervals. Where `at_floor` is True, the model cannot tell the cell
            from a failed training: its accuracy is at or below the one predicted.

        Raises
        ------
        UsageError
            `cells` is no list, such as one architecture alone.
        CellError
            One is no architecture of the model's space.
        SourceError
            The model predicts what is no number.

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

        from mbml.spaces.registry import space

        wanted = space(self.card["benchmark"])
        found = [_read(wanted, one) for one in _listed(cells)]
        texts = [one.format() for one in found]
        keys = [wanted.key(one) for one in found]
        bounds = dict.fromkeys(("accuracy", "lower", "upper"), pl.Float64)
        none = pl.DataFrame(schema=bounds | {"at_floor": pl.Boolean})
        predicted = pl.concat([none, *map(self._intervals, _pieces(texts))])
        return predicted.insert_column(0, pl.Series("arch_key", keys, dtype=pl.String))

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

        from mbml.spaces.registry import space

        texts = space(self.card["benchmark"]).texts()
        best = pl.DataFrame(schema={"cell": pl.String, "accuracy": pl.Float64})
        done = 0
        for cells in _pieces(texts):
            accuracies = self._asked(self._accuracy, cells)["accuracy"]
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

        from mbml.predictors.fitted import floor_of, has_intervals, predict_interval

        if has_intervals(self.pipeline):
            return self._asked(lambda x: predict_interval(self.pipeline, x)._asdict(), cells)
        found = self._asked(self._accuracy, cells)
        unknown = pl.lit(None, pl.Float64)
        bounds = unknown.alias("lower"), unknown.alias("upper")
        at_floor = pl.col("accuracy") <= floor_of(self.pipeline)
        return found.select("accuracy", *bounds, at_floor.alias("at_floor"))

    def _accuracy(self, features: pl.DataFrame) -> dict[str, Any]:
        return {"accuracy": self.pipeline.predict(features)}

    def _asked(
        self, ask: Callable[[pl.DataFrame], dict[str, Any]], cells: Sequence[str]
    ) -> pl.DataFrame:
        """Ask the model about cells; what it raises, and what is no number, is the file's fault."""
        import numpy as np
        import polars as pl

        from mbml.predictors.numbers import checked_numbers

        features = self._features(cells)
        try:
            with np.errstate(all="ignore"):
                found = ask(features)
            for name, values in found.items():
                if name != "at_floor":
                    checked_numbers(values, len(cells), "predictions")
        except MemoryError:
            raise
        except Exception as error:
            what = str(error) if isinstance(error, WrongResultError) else described(error)
            problem = f"makes a model that cannot predict ({what})"
            raise SourceError(self.path.with_suffix(".skops"), "", problem, _HINT) from error
        return pl.DataFrame(found)

    def _features(self, cells: Sequence[str]) -> pl.DataFrame:
        from mbml.features.registry import feature_set

        features = feature_set(self.card["features"])
        return features.of_cells(self.card["benchmark"], cells, dataset=self.card["dataset"])


def _listed(cells: object) -> Iterable[Any]:
    """Check that architectures come in a list, not one alone."""
    is_one = isinstance(cells, (str, bytes, Mapping)) or not isinstance(cells, Iterable)
    if isinstance(cells, tuple) and cells:
        is_one = not any(isinstance(one, str) or hasattr(one, "format") for one in cells)
    if is_one:
        raise UsageError(
            f"expected a list of architectures, got {quoted(cells)}; write one as [architecture]"
        )
    return cells  # type: ignore[return-value]


def _read(wanted: Space[Any], given: Any) -> Architecture:
    """Read an architecture of the model's space in any spelling."""
    from mbml.spaces.reading import cell as read_cell
    from mbml.spaces.registry import recognise

    try:
        return read_cell(wanted, given)
    except CellError as error:
        # Told apart: no cell at all, and a cell of another space.
        try:
            found, _ = recognise(given)
        except CellError:
            raise error from None
        raise CellError(
            f"{quoted(given)} is of {found.title}; the model is for {wanted.title}"
        ) from error


def _pieces(cells: Sequence[str]) -> Iterator[Sequence[str]]:
    return (
        cells[start : start + PREDICTED_AT_ONCE]
        for start in range(0, len(cells), PREDICTED_AT_ONCE)
    )
