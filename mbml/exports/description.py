"""What is said of a data set, by its card and by its description in Croissant alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mbml.benchmarks import BENCHMARKS, added_benchmarks
from mbml.citations import cited
from mbml.datasets import JOINED_VIEWS
from mbml.store.schema import own_views

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    import pyarrow as pa

    from mbml.exports.provenance import Provenance

WARNING = (
    "SURROGATE DATA: some or all of these numbers are invented, not measured. Do not publish"
    " results on them as results on a benchmark."
)
#: Stands for a licence that mbml does not know.
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of the folder: its path there with `/`, its SHA-256 and its size."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Config:
    """One view of a data set; hubs call such a part a configuration.

    Attributes
    ----------
    origin
        Where its numbers come from.
    holds
        The comment of the view; empty if it has none.
    rows
        Number of rows.
    schema
        Its columns as Arrow reads them from the files, meanings in the metadata `comment`.
    files
        Its Parquet files, in the order of the view.
    trainings
        A row for each training, with its number of rows; no columns if the view does not tell.
    """

    origin: Provenance
    holds: str
    rows: int
    schema: pa.Schema
    files: tuple[File, ...]
    trainings: pl.DataFrame

    @property
    def name(self) -> str:
        """The view."""
        return self.origin.relation

    @property
    def holds_rows(self) -> str:
        """What it holds, with the number of rows."""
        return f"{self.holds or 'A view of the user'}: {self.rows:,} rows."

    @cached_property
    def columns(self) -> tuple[tuple[str, pa.DataType, str], ...]:
        """Name, type in the files, and meaning of each column; empty where the view has none."""
        return tuple(
            (one.name, one.type, (one.metadata or {}).get(b"comment", b"").decode())
            for one in self.schema
        )

    @cached_property
    def licences(self) -> dict[str, set[str]]:
        """Benchmarks by the licence that they publish these numbers under, an SPDX identifier.

        Nobody publishes invented numbers. A view of the user may hold other ones too, and so does
        one that joins what others than the benchmark published.
        """
        if self.origin.training is None and self.name not in own_views():
            return {UNKNOWN: set()}
        known = BENCHMARKS | added_benchmarks()
        found: dict[str, set[str]] = {UNKNOWN: set()} if self.name in JOINED_VIEWS else {}
        for source in self.origin.sources:
            name = source["benchmark"]
            is_known = name in known and not source["is_surrogate"]
            licence = (known[name].licence if is_known else "") or UNKNOWN
            found.setdefault(licence, set()).add(name)
        return found or {UNKNOWN: set()}


@dataclass(frozen=True)
class Description:
    """A data set of several configurations."""

    configs: tuple[Config, ...]

    @property
    def is_surrogate(self) -> bool:
        """True if any number may be invented."""
        return any(one.origin.is_surrogate for one in self.configs)

    @property
    def benchmarks(self) -> list[str]:
        """The benchmarks that its rows are of."""
        return sorted({name for one in self.configs for name in one.origin.benchmarks})

    @property
    def rows(self) -> int:
        """Number of rows of all configurations."""
        return sum(one.rows for one in self.configs)

    @property
    def title(self) -> str:
        """Its name for people."""
        names = ", ".join(one.name for one in self.configs)
        return f"{names} (surrogate data)" if self.is_surrogate else names

    @property
    def summary(self) -> str:
        """What it is, in a few sentences."""
        of = f" ({', '.join(self.benchmarks)})" if self.benchmarks else ""
        text = (
            f"Tabular results of neural-architecture-search benchmarks{of}: {self.rows:,} rows,"
            " exported from a warehouse of mbml."
        )
        return f"{WARNING} {text}" if self.is_surrogate else text

    @property
    def licences(self) -> Mapping[str, list[str]]:
        """Benchmarks by licence, an unknown one last."""
        found: dict[str, set[str]] = {}
        for one in self.configs:
            for licence, names in one.licences.items():
                found.setdefault(licence, set()).update(names)
        order = sorted(found, key=lambda name: (name == UNKNOWN, name))
        return {name: sorted(found[name]) for name in order}

    @property
    def bibtex(self) -> str:
        """What to cite: the method, benchmarks and data sets."""
        trained_on = {
            str(name)
            for one in self.configs
            if "dataset" in one.trainings.columns
            for name in one.trainings["dataset"]
        }
        joined = (one.origin.sources for one in self.configs if one.name in JOINED_VIEWS)
        formats = {source["format"] for sources in joined for source in sources}
        return cited({*self.benchmarks, *trained_on, *formats}).strip()
