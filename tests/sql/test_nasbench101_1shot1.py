"""The views of NAS-Bench-1Shot1's search spaces, against every placing of every cell."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
import polars as pl
import pytest
from tables import load_rows

from mbml.errors import UsageError
from mbml.exports.published import export_published
from mbml.reports.material import Material, title_of_view
from mbml.reports.sections import exploratory
from mbml.spaces import nasbench101
from mbml.spaces.nasbench101 import classes
from mbml.spaces.nasbench101.bulk import graph_ids

#: Parents of the vertex at each place, the output last.
PARENTS = {"s1": (1, 2, 2, 2, 2), "s2": (1, 1, 2, 2, 3), "s3": (1, 1, 1, 2, 2, 2)}


def load(warehouse, texts, folder):
    """Load each of the cells once, as it is written first."""
    cells = dict(reversed(list(zip(graph_ids(texts), texts, strict=True))))
    rows = pl.DataFrame(list(cells.values()), schema=["adjacency", "operations"], orient="row")
    rows = rows.with_columns(
        dataset=pl.lit("cifar10"),
        schedule_epochs=108,
        trial=0,
        epoch=108,
        test_accuracy=0.5,
    )
    load_rows(warehouse, rows, folder / "cells.parquet")
    return cells


def held(warehouse, space):
    return dict(
        warehouse.rows(
            f"select arch_key, listed_by_authors from meta_nasbench101_1shot1_{space}_108epochs"
        )
    )


def placed(space):
    """The pruned cells of every choice of parents, all operations alike."""
    for chosen in product(
        *(combinations(range(place), count) for place, count in enumerate(PARENTS[space], start=1))
    ):
        size = len(chosen) + 1
        matrix = np.zeros((size, size), dtype=int)
        for vertex, parents in enumerate(chosen, start=1):
            matrix[list(parents), vertex] = 1
        names = ["input", *["maxpool3x3"] * (size - 2), "output"]
        yield nasbench101.from_matrix(matrix, names).pruned()


def with_operations(cells):
    """The cells with every choice of operations, each once."""
    for bits, size in dict.fromkeys((cell.bits, cell.nodes) for cell in cells):
        for names in product(nasbench101.OPERATIONS, repeat=size - 2):
            yield bits, ",".join(("input", *names, "output"))


def fits(cell, space):
    """Whether the vertices of a cell, in any order, can be put at places with as many parents."""
    matrix = np.array(cell.matrix)
    parents, output = PARENTS[space][:-1], PARENTS[space][-1]
    inner = range(1, cell.nodes - 1)
    if matrix[:, -1].sum() != output or len(inner) > len(parents):
        return False
    for order in permutations(inner):
        ordered = matrix[np.ix_((0, *order), (0, *order))]
        if np.tril(ordered).any():
            continue
        counts = tuple(matrix[:, list(order)].sum(axis=0))
        if counts in combinations(parents, len(counts)):
            return True
    return False


def has_path_through_all(cell):
    matrix = np.array(cell.matrix)
    return any(
        all(
            matrix[one, other]
            for one, other in zip((0, *order), (*order, cell.nodes - 1), strict=True)
        )
        for order in permutations(range(1, cell.nodes - 1))
    )


def test_every_cell_of_up_to_five_vertices_and_some_of_more(warehouse, tmp_path):
    texts = classes.class_texts(max_nodes=5)[::5] + classes.cells_at(
        np.arange(3_000, classes.CELLS, classes.CELLS // 500)
    )
    texts = load(warehouse, texts, tmp_path)
    cells = {key: nasbench101.cell(*text) for key, text in texts.items()}
    for space in PARENTS:
        wanted = {
            key: has_path_through_all(cell) for key, cell in cells.items() if fits(cell, space)
        }
        assert len(wanted) > 20
        assert held(warehouse, space) == wanted


@pytest.mark.parametrize(
    ("space", "count", "listed"),
    [
        ("s1", 2_685, 2_127),
        pytest.param("s2", 7_773, 3_258, marks=pytest.mark.slow),
    ],
)
def test_every_choice_of_parents_is_of_the_space(warehouse, tmp_path, space, count, listed):
    keys = load(warehouse, list(with_operations(placed(space))), tmp_path)
    found = held(warehouse, space)
    assert found.keys() == keys.keys()
    assert (len(found), sum(found.values())) == (count, listed)


def graphs_that_authors_list(space):
    """The graphs of the authors' generator, which expands the last chosen parent alone."""
    parents = PARENTS[space]

    def grown(chosen, vertex):
        for some in combinations(range(vertex), parents[vertex - 1]):
            more = chosen | {vertex: some}
            if set().union(*more.values()) <= {0, *more}:
                yield more
            elif some[-1]:
                yield from grown(more, some[-1])

    return list(grown({}, len(parents)))


@pytest.mark.parametrize(
    ("space", "count"), [("s1", 2_487), ("s2", 3_609), ("s3", 24_066)], ids=["s1", "s2", "s3"]
)
def test_the_authors_count_some_cells_at_several_places(space, count):
    graphs = graphs_that_authors_list(space)
    assert sum(3 ** (len(one) - 1) for one in graphs) == count


@pytest.mark.parametrize(
    ("bits", "pruned", "spaces"),
    [
        ("0111000100010000", "0111000100010000", {"s2": False}),
        # Vertex 3 feeds nothing, of one parent and of three.
        ("0111100001000010000000000", "0111000100010000", {"s2": False}),
        ("0111100011000110000000000", "0111000100010000", {"s2": False}),
        # Vertex 1 has no parent and feeds the output, vertex 4 is fed by it alone.
        ("001101000011000001000001000000000000", "0111000100010000", {"s2": False}),
        # Vertex 2 of a chain feeds nothing.
        ("0111000100000000", "011001000", {"s1": True, "s3": True}),
    ],
)
def test_what_is_on_no_path_decides_nothing(warehouse, tmp_path, bits, pruned, spaces):
    names = [nasbench101.OPERATIONS[0]] * (int(len(bits) ** 0.5) - 2)
    [text] = load(warehouse, [(bits, ",".join(("input", *names, "output")))], tmp_path).values()
    assert nasbench101.cell(*text).pruned().bits == pruned
    assert {one: list(held(warehouse, one).values()) for one in PARENTS} == {
        one: [spaces[one]] if one in spaces else [] for one in PARENTS
    }


def test_a_part_of_the_space_is_titled_and_has_no_published_file(warehouse, tmp_path):
    view = "meta_nasbench101_1shot1_s2_108epochs"
    assert title_of_view(view) == "NAS-Bench-101, cifar10, 108 epochs, 1Shot1 S2"
    with pytest.raises(UsageError, match="unknown view with a file in the published layout"):
        export_published(warehouse, view, tmp_path)


def test_a_report_has_the_space_and_shows_the_whole_first(warehouse, tmp_path):
    chain = classes.class_texts(max_nodes=4)
    load(warehouse, chain, tmp_path)
    sections = {one.name: one for one in exploratory.make(Material(warehouse))}
    blocks = {
        block.name: block
        for block in sections["nasbench101-exploratory"].blocks
        if hasattr(block, "name")
    }
    assert "meta_nasbench101_108epochs" in blocks["nasbench101_first_rows"].caption
    titles = blocks["nasbench101_accuracies"].frame["meta-dataset"].to_list()
    parts = [f"cifar10, 108 epochs, 1Shot1 S{number}" for number in (1, 2, 3)]
    assert titles == ["cifar10, 108 epochs", *parts]
