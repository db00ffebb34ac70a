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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
