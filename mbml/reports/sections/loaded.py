"""What was loaded: the sources, real or surrogate, and what the release is known to get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from mbml.reports.content import Paragraph, Section, Table
from mbml.reports.material import label, title_of

if TYPE_CHECKING:
    from mbml.reports.content import Block
    from mbml.reports.material import Material


def make(material: Material) -> list[Section]:
    """Return the section on the sources and the rows of the views."""
    held = material.contents
    if held.sources.is_empty():
        nothing = "The warehouse holds no source yet: load one with mbml ingest."
        return [Section(name="loaded", title="What was loaded", blocks=(Paragraph(text=nothing),))]
    blocks: list[Block] = [_kind(material), _sources(held.sources), _views(material)]
    return [Section(name="loaded", title="What was loaded", blocks=tuple(blocks))]


def _kind(material: Material) -> Paragraph:
    if not material.contents.has_surrogate_sources:
        return Paragraph(text="All sources hold real measurements.")
    surrogates = material.contents.sources.filter(pl.col("is_surrogate"))["file_name"].to_list()
    names = ", ".join(surrogates)
    return Paragraph(
        text=f"SURROGATE DATA: {names} holds invented numbers, not measurements.", loud=True
    )


def _sources(sources: pl.DataFrame) -> Table:
    shown = sources.select(
        "benchmark",
        "release",
        "format",
        file="file_name",
        bytes="bytes",
        records="records",
        surrogate="is_surrogate",
        sha256="sha256",
        loaded="loaded_at",
    )
    return Table(name="sources", caption="Loaded files, in order of loading (UTC).", frame=shown)


def _views(material: Material) -> Table:
    rows = []
    for one in material.datasets:
        frame = material.read(one, ["valid_accuracy", "test_accuracy", "trials"])
        rows.append(
            {
                "benchmark": title_of(one.benchmark),
                "meta-dataset": label(one),
                "view": one.name,
                "architectures": frame.height,
                "with validation": frame["valid_accuracy"].count(),
                "with test": frame["test_accuracy"].count(),
                "trials": _trials(frame["trials"]),
            }
        )
    caption = (
        "The meta-datasets that have rows. Trials: how many an accuracy is the mean of; a summary"
        " does not tell."
    )
    return Table(name="meta_datasets", caption=caption, frame=pl.DataFrame(rows))


def _trials(trials: pl.Series) -> str:
    if trials.null_count() == len(trials):
        return "summary"
    low, high = int(trials.min()), int(trials.max())  # type: ignore[arg-type]
    return str(low) if low == high else f"{low} to {high}"
