"""A folder that must not be written to: one message, nothing changed; reading goes on."""

from __future__ import annotations

import shutil

import pytest
from other_user import unprivileged
from writers import INTO_WAREHOUSE, WRITERS, arguments, content, tree, write_inputs


@pytest.fixture
def closed(tmp_path, loaded):
    """A folder that must not be written to, with a warehouse; one beside it may be."""
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        shutil.copy(loaded, tmp_path / name / "w.duckdb")
    folder = tmp_path / "closed"
    (folder / "w.duckdb").chmod(0o444)
    folder.chmod(0o555)
    write_inputs(tmp_path / "in")
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("name", WRITERS)
def test_a_read_only_folder(mbml, loaded, closed, name):
    inputs, into_warehouse = closed.parent / "in", name in INTO_WAREHOUSE

    def call(folder):
        held = folder / "w.duckdb" if into_warehouse else loaded
        return arguments(name, inputs=inputs, out=folder, warehouse=held)

    # Also for what it imports: another user may not be able to read the standard library.
    mbml(*call(closed.parent / "open"))
    held = closed / "w.duckdb" if into_warehouse else loaded
    before, files = content(held), tree(closed)
    with unprivileged(closed, inputs, loaded):
        result = mbml(*call(closed), expect=3 if into_warehouse else 1)
    print(result.stderr.strip())
    assert result.stdout == ""
    assert result.stderr.startswith(f"error: {closed}")
    assert "Permission denied; choose another" in result.stderr
    assert result.stderr.count("\n") == 1
    assert (content(held), tree(closed)) == (before, files)


def test_a_demo_where_nothing_may_be_written(mbml, closed, monkeypatch):
    monkeypatch.chdir(closed)
    with unprivileged(closed):
        result = mbml("demo", expect=1)
    assert "warehouse/demo_surrogate: cannot be written" in result.stderr


@pytest.mark.slow
def test_a_warehouse_that_may_only_be_read(mbml, closed):
    view = "meta_nasbench201_cifar100_200epochs"
    for call in (("info",), ("query", "select 1"), ("verify",), ("describe", view)):
        mbml(*call, "--warehouse", closed / "w.duckdb")
        with unprivileged(closed):
            mbml(*call, "--warehouse", closed / "w.duckdb")


def test_a_name_that_a_folder_has_is_left_alone(mbml, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("mine")
    result = mbml("cell", "8:16:24:32:64", "--svg", tmp_path / "folder", expect=1)
    assert "cannot be written, nothing is left of it: a folder has this name" in result.stderr
    assert (tmp_path / "folder" / "file").read_text() == "mine"
