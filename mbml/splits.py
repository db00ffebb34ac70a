"""Which rows train and which are held out."""

from __future__ import annotations

import hashlib
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mbml.errors import SourceError, UsageError, unknown_name
from mbml.sources.tables.outside import faults_of
from mbml.text import quoted
from mbml.whole_file import as_path, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl
    from numpy.typing import NDArray

#: The splits by name, each with the column whose values training and held-out rows never share.
SPLITS = {"published": "arch_id", "graph_id": "graph_id", "functional_id": "functional_id"}

_FILE = "file:"


class Split(NamedTuple):
    """Row numbers: of the training set in the order drawn, and of the held-out rows, ascending."""

    name: str
    train: NDArray[np.intp]
    held_out: NDArray[np.intp]


def published_split(rows: int, *, train_size: int, seed: int) -> Split:
    """Draw the published split: N rows at random, everything else held out.

    Parameters
    ----------
    rows
        Number of rows, in index order (NAS-Bench-201) or hash order (NAS-Bench-101).
    train_size
        N, the rows to train on.
    seed
        Seed of the draw, scikit-learn's ``random_state``.

    Raises
    ------
    UsageError
        N leaves no row to train on, or none to hold out.
    """
    from sklearn.model_selection import train_test_split

    check_size(train_size)
    if not 2 <= train_size < rows:
        raise UsageError(
            f"`train_size={train_size}` does not fit: {rows} rows have a target and all"
            " features, of which at least 2 must train and 1 be held out"
        )
    check_seed(seed)
    train, held_out = train_test_split(
        np.arange(rows), train_size=train_size, random_state=seed, shuffle=True
    )
    return Split("published", train, np.sort(held_out))


def _is_whole(number: object) -> bool:
    return isinstance(number, Integral)


def check_size(train_size: object) -> None:
    """Raise `UsageError` if a training size is not a whole number."""
    if not _is_whole(train_size):
        raise UsageError(f"expected a whole number as `train_size`, got {quoted(train_size)}")


def check_seed(seed: int) -> None:
    """Raise `UsageError` if a seed is none for scikit-learn."""
    if not _is_whole(seed) or not 0 <= seed < 2**32:
        raise UsageError(f"`seed={seed!r}` does not fit: seeds are 0 to 4294967295")


#: More seeds would be a slip of the pen.
MOST_SEEDS = 100_000


def seeds_of(seeds: int | Iterable[int]) -> tuple[int, ...]:
    """Return seeds that are given one by one, or by their number: 0 and up.

    Raises
    ------
    UsageError
        There is none, or too many are asked for, or a seed is none for scikit-learn.

    Examples
    --------
    >>> seeds_of(3), seeds_of([1000, 1001, 1000])
    ((0, 1, 2), (1000, 1001))
    """
    if isinstance(seeds, int) and not 1 <= seeds <= MOST_SEEDS:
        raise UsageError(f"`seeds={seeds}`: from 1 to {MOST_SEEDS:,} can be asked for")
    chosen = tuple(dict.fromkeys(range(seeds) if isinstance(seeds, int) else seeds))
    if not chosen:
        raise UsageError("`seeds` is empty; give at least one")
    for seed in chosen:
        check_seed(seed)
    return chosen


def draw(
    name: str, rows: pl.DataFrame, tested: pl.DataFrame, *, train_size: int, seed: int
) -> Split:
    """Draw the published training rows, and hold out the rows that share nothing with them.

    Parameters
    ----------
    name
        `published` keeps architectures apart, `graph_id` isomorphic cells, `functional_id` all
        cells that compute the same; `file:PATH` takes the rows that a file names (`save`).
    rows, tested
        Keys of the rows to draw from, and of those to hold out from: mostly the same.
    train_size, seed
        As in `published`.

    Raises
    ------
    UsageError
        There is no such split, or it leaves too few rows.
    """
    if not isinstance(name, str):
        raise unknown_name("split", name, [*SPLITS, _FILE + "PATH"])
    if name.startswith(_FILE):
        return _saved(name, rows, tested, train_size=train_size)
    if name not in SPLITS:
        raise unknown_name("split", name, [*SPLITS, _FILE + "PATH"])
    train = published_split(len(rows), train_size=train_size, seed=seed).train
    key = SPLITS[name]
    seen = tested[key].is_in(rows[key][train].unique().to_list())
    held_out = np.flatnonzero(~seen.to_numpy())
    if not len(held_out):
        raise UsageError(
            f"`train_size={train_size}` leaves no row to hold out with another {key} than all rows"
            " to train on"
        )
    return Split(name, train, held_out)


def split_identity(name: str) -> str:
    """Return the name of a split as results keep it: a file's by its content, wherever it lies."""
    if not name.startswith(_FILE):
        return name
    path = _file_of(name)
    return f"{_FILE}{path.name}#{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def save(split: Split, rows: pl.DataFrame, tested: pl.DataFrame, path: Path | str) -> None:
    """Write a split as CSV: `arch_key` and `part` (`train` or `held_out`), in the split's order.

    Raises
    ------
    MbmlError
        The file cannot be written; nothing is left of it.
    """
    import polars as pl

    parts = [(rows, split.train, "train"), (tested, split.held_out, "held_out")]
    rows_of_both = pl.concat(
        frame[index].select("arch_key", pl.lit(part).alias("part")) for frame, index, part in parts
    )
    write_whole(as_path(path), rows_of_both.write_csv().encode())


def _saved(name: str, rows: pl.DataFrame, tested: pl.DataFrame, *, train_size: int) -> Split:
    import polars as pl

    path = _file_of(name)
    with faults_of(path, "table of arch_key and part"):
        saved = pl.read_csv(path, schema={"arch_key": pl.String, "part": pl.String}, glob=False)
    twice = saved.filter(pl.col("arch_key").is_duplicated())
    if twice.height:
        raise SourceError(path, f"key {twice['arch_key'][0]}", "stands there twice")
    train = _places(path, saved, "train", rows)
    held_out = _places(path, saved, "held_out", tested)
    if len(train) + len(held_out) != saved.height:
        raise SourceError(path, "", "has another part than train and held_out")
    if len(train) != train_size:
        raise UsageError(
            f"`train_size={train_size}` does not fit: {path} names {len(train)} rows to train on;"
            f" it must be {len(train)}"
        )
    return Split(name, train, np.sort(held_out))


def _places(path: Path, saved: pl.DataFrame, part: str, rows: pl.DataFrame) -> NDArray[np.intp]:
    import polars as pl

    found = (
        saved.filter(pl.col("part") == part)
        .join(rows.with_row_index("place"), on="arch_key", how="left", maintain_order="left")
        .select("arch_key", "place")
    )
    unknown = found.filter(pl.col("place").is_null())
    if unknown.height:
        raise SourceError(
            path,
            f"key {unknown['arch_key'][0]}",
            "the view has no such row with a target and all features",
            f"{unknown.height} of {found.height} {part} keys are not there",
        )
    if not found.height:
        raise SourceError(path, "", f"names no row as {part}")
    return found["place"].to_numpy().astype(np.intp)


def _file_of(name: str) -> Path:
    path = Path(name.removeprefix(_FILE))
    if not path.is_file():
        raise UsageError(f"`split={name}`: no such file; `save_split` of a training writes one")
    return path
