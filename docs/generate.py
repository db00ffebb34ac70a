"""Write the generated pages of the documentation, or with ``--check`` compare them.

`docs/cli.md` comes from the commands' own help, `docs/data.md` from the comments in `sql/`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import typer
from typer.testing import CliRunner

from mbml.cli.app import app
from mbml.datasets import role_of
from mbml.store import Warehouse, open_warehouse
from mbml.store.objects import created_by
from mbml.store.schema import sql_files

HERE = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py; `make docs` writes it again. -->\n\n"


def cli_page() -> str:
    """Return the page of commands: the help of each."""
    parts = [NOTE, "# Commands\n\nEach takes `--help`; this page is their texts.\n"]
    for words in _command_paths(typer.main.get_command(app), ()):
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="mbml", terminal_width=88)
        text = "\n".join(line.rstrip() for line in shown.stdout.strip().splitlines())
        parts.append(f"\n## mbml {' '.join(words)}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def data_page() -> str:
    """Return the data dictionary: tables and views with every column."""
    parts = [
        NOTE,
        "# Data dictionary\n\nOpen `warehouse/mbml.duckdb` in any DuckDB client (1.5 or later).\n",
        "Accuracies are fractions in [0, 1], times seconds; what was not measured is NULL.\n",
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_warehouse(Path(folder) / "empty.duckdb", write=True) as warehouse,
    ):
        parts.append("\n# Tables\n")
        tables = warehouse.rows(
            "select concat(nullif(schema_name, 'main') || '.', table_name), comment"
            " from duckdb_tables() where not internal order by table_oid"
        )
        parts.extend(_relation(warehouse, name, comment) for name, comment in tables)
        parts.append("\n# Views\n")
        comments = dict(
            warehouse.rows("select view_name, comment from duckdb_views() where not internal")
        )
        parts.extend(_families(warehouse, comments))
    return "".join(parts)


def _families(warehouse: Warehouse, comments: dict[str, str]) -> list[str]:
    """Describe the views file by file, those with the same columns and meanings together."""
    parts = []
    for path in sql_files("30_views"):
        names = sorted(one.name for one in created_by([path]))
        if names == [path.stem]:
            parts.append(_relation(warehouse, path.stem, comments[path.stem]))
            continue
        alike: dict[str, list[str]] = {}
        for name in names:
            alike.setdefault(_columns(warehouse, name), []).append(name)
        parts.append(f"\n## {path.stem}_…\n")
        for columns, group in alike.items():
            parts.append("\n| view | holds |\n| --- | --- |\n")
            parts.extend(f"| `{name}` | {comments[name]} |\n" for name in group)
            parts.append(f"\nColumns:\n\n{columns}")
    return parts


def _relation(warehouse: Warehouse, name: str, comment: str) -> str:
    return f"\n## {name}\n\n{comment}.\n\n{_columns(warehouse, name)}"


def _columns(warehouse: Warehouse, name: str) -> str:
    rows = warehouse.rows(
        "select column_name, data_type, comment from duckdb_columns()"
        " where concat(nullif(schema_name, 'main') || '.', table_name) = ? order by column_index",
        [name],
    )
    with_role = name.startswith(("meta_", "learning_curve_"))
    lines = ["| column | type |" + (" role |" if with_role else "") + " meaning |\n"]
    lines.append("| --- | --- |" + (" --- |" if with_role else "") + " --- |\n")
    for column, kind, comment in rows:
        shown = "ENUM" if kind.startswith("ENUM") else kind
        role = f" {role_of(column).value} |" if with_role else ""
        lines.append(f"| `{column}` | {shown} |{role} {comment} |\n")
    return "".join(lines)


def _command_paths(command: object, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    paths = []
    for name, one in getattr(command, "commands", {}).items():
        inner = _command_paths(one, (*words, name))
        paths.extend(inner or [(*words, name)])
    return paths


PAGES = {"cli.md": cli_page, "data.md": data_page}


def main() -> None:
    """Write the pages, or compare them."""
    check = "--check" in sys.argv[1:]
    for name, page in PAGES.items():
        path = HERE / name
        text = page()
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"docs/{name} is out of step with its sources; run `make docs`")


if __name__ == "__main__":
    main()
