"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WarehouseOption = Annotated[
    Path,
    typer.Option("--warehouse", envvar="MBML_WAREHOUSE", help="The warehouse, a DuckDB file."),
]
DEFAULT_WAREHOUSE = Path("warehouse/mbml.duckdb")
FormatOption = Annotated[
    str, typer.Option("--format", help="table, csv, json, jsonl, parquet or markdown.")
]
TargetOption = Annotated[str, typer.Option(help="The outcome to predict.")]
SplitOption = Annotated[
    str,
    typer.Option(
        help="published holds out all other architectures; graph_id and functional_id those"
        " alone that share neither graph nor function with a training one; file:PATH reads a"
        " saved split."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
EngineOption = Annotated[
    str,
    typer.Option(
        help="Where to compute: local, or dask://HOST:PORT for the workers of a Dask scheduler."
    ),
]
