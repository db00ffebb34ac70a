"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mbml.cli import completion

WarehouseOption = Annotated[
    Path,
    typer.Option("--warehouse", envvar="MBML_WAREHOUSE", help="The warehouse, a DuckDB file."),
]
DEFAULT_WAREHOUSE = Path("warehouse/mbml.duckdb")
ModelsOption = Annotated[
    Path | None,
    typer.Option(
        "--models",
        envvar="MBML_MODELS",
        help="The folder of saved models; by default the folder models beside the warehouse.",
    ),
]
FeatureColumnsOption = Annotated[
    str,
    typer.Option(
        help="Columns of the view to learn from, with commas between, beside any --features."
    ),
]
FormatOption = Annotated[
    str, typer.Option("--format", help="table, record, csv, json, jsonl, parquet or markdown.")
]
TargetOption = Annotated[
    str, typer.Option(help="The outcome, or the latency or energy, to predict.")
]
SplitOption = Annotated[
    str,
    typer.Option(
        help="published holds out all other architectures; graph_id and functional_id those"
        " alone that share neither graph nor function with a training one; file:PATH reads a"
        " saved split."
    ),
]
ProtocolOption = Annotated[
    str,
    typer.Option(
        autocompletion=completion.protocols,
        help="What is learned and scored: held_out scores no training row; pinat and nnformer"
        " follow the code of these publications. Scores of two protocols are not comparable.",
    ),
]
ScoreOption = Annotated[
    str | None,
    typer.Option(
        help="The outcome to score against, by default that of --target, or of the protocol."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
EngineOption = Annotated[
    str,
    typer.Option(
        help="Where to compute: local, or dask://HOST:PORT for the workers of a Dask scheduler."
    ),
]


def opened_by_default() -> Path:
    """Return the warehouse that commands open unless another is named."""
    return Path(os.environ.get("MBML_WAREHOUSE") or DEFAULT_WAREHOUSE)


def beside_warehouse(name: str, warehouse: Path | None = None) -> Path:
    """Return a folder beside a warehouse: the one given, or the one that commands open."""
    return (warehouse or opened_by_default()).parent / name


def with_columns(features: str | None, columns: str) -> str | None:
    """Return a feature set with columns of the view beside it."""
    if not columns:
        return features
    return f"{features}+columns:{columns}" if features else f"columns:{columns}"
