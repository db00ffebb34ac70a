"""The published meta-features, which SQL defines, said once more for cells without a warehouse.

NAS-Bench-101 codes the whole list of operations as one category, as the paper's notebooks do. In
NAS-Bench-201 every list is a cell of its own, so that the operation of each edge is coded instead.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml.features.parts import CellPart, Part
from mbml.features.topology.columns import Column
from mbml.spaces import nasbench101, nasbench201
from mbml.spaces.graph import SHARED_NAMES
from mbml.spaces.registry import SPACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: By the names that all spaces share.
_KERNELS = {"conv1x1": 1, "conv3x3": 3}
_POOLING = {"max_pool3x3", "avg_pool3x3"}
_POOLING_COLUMN = {"nasbench101": "maxpool_num_layers", "nasbench201": "avg_pool_num_layers"}


def _column(name: str, meaning: str, unit: str) -> Column:
    return Column(name, meaning, unit, "published")


def _meta_columns(benchmark: str) -> tuple[Column, ...]:
    return (
        _column("conv_num_layers", "convolutions in the cell", "operations"),
        _column("conv_kernel_min", "smallest kernel; 0 without a convolution", "pixels"),
        _column("conv_kernel_max", "largest kernel; 0 without a convolution", "pixels"),
        _column("conv_kernel_mode", "commonest kernel, the smaller on a tie", "pixels"),
        _column(_POOLING_COLUMN[benchmark], "pooling operations in the cell", "operations"),
        _column("parameters", "trainable parameters of the network", "parameters"),
    )


def _meta_features(benchmark: str, cells: Sequence[str], dataset: str) -> pl.DataFrame:
    space = SPACES[benchmark]
    rows = []
    for text in cells:
        cell = space.parse(text)
        names = [SHARED_NAMES.get(name) for name in cell.operations]
        kernels = [_KERNELS[name] for name in names if name in _KERNELS]
        small, large = kernels.count(1), kernels.count(3)
        parameters = cell.parameters if benchmark == "nasbench101" else cell.parameters_on(dataset)
        rows.append(
            (
                len(kernels),
                min(kernels, default=0),
                max(kernels, default=0),
                3 if large > small else min(kernels, default=0),
                sum(name in _POOLING for name in names),
                parameters,
            )
        )
    columns = [column.name for column in _meta_columns(benchmark)]
    kinds = [pl.Int32] * 5 + [pl.Int64]
    return pl.DataFrame(rows, schema=dict(zip(columns, kinds, strict=True)), orient="row")


def _meta_part(benchmark: str) -> Part:
    return CellPart(
        columns=_meta_columns(benchmark),
        compute=lambda cells, dataset: _meta_features(benchmark, cells, dataset),
        in_view=True,
    )


def _lists_101() -> list[str]:
    """All lists of operations between input and output, short ones first."""
    return [
        ",".join(names)
        for length in range(nasbench101.MAX_NODES - 1)
        for names in product(nasbench101.OPERATIONS, repeat=length)
    ]


def _one_hot(columns: Sequence[Column], hot: NDArray[np.bool_]) -> pl.DataFrame:
    values = hot.astype(np.uint8).T
    return pl.DataFrame(
        [pl.Series(column.name, row) for column, row in zip(columns, values, strict=True)]
    )


def _one_hot_101() -> Part:
    lists = _lists_101()
    columns = tuple(
        Column(
            f"operations_{names or 'none'}",
            f"whether the operations are {names or 'none at all'}",
            "0 or 1",
            "onehot",
        )
        for names in lists
    )
    places = {names: place for place, names in enumerate(lists)}

    def compute(cells: Sequence[str], _: str) -> pl.DataFrame:
        # Parsing takes long, and the warehouse holds few lists of operations for all its cells.
        inner = (text.partition(":")[2].split(",")[1:-1] for text in cells)
        found = np.array([places[",".join(names)] for names in inner], dtype=np.int64)
        return _one_hot(columns, found[:, None] == np.arange(len(lists)))

    return CellPart(columns=columns, compute=compute)


def _one_hot_201() -> Part:
    columns = tuple(
        Column(
            f"operation_{source}_{target}_{name}",
            f"whether edge {source}>{target} is {name}",
            "0 or 1",
            "onehot",
        )
        for source, target in nasbench201.EDGES
        for name in nasbench201.OPERATIONS
    )

    def compute(cells: Sequence[str], _: str) -> pl.DataFrame:
        names = np.array(
            [nasbench201.parse(text).operations for text in cells], dtype=np.str_
        ).reshape(-1, len(nasbench201.EDGES))
        hot = names[:, :, None] == np.array(nasbench201.OPERATIONS)
        return _one_hot(columns, hot.reshape(len(cells), -1))

    return CellPart(columns=columns, compute=compute)


META_FEATURES: dict[str, tuple[Part, ...]] = {
    benchmark: (_meta_part(benchmark),) for benchmark in _POOLING_COLUMN
}
ONE_HOT: dict[str, Part] = {"nasbench101": _one_hot_101(), "nasbench201": _one_hot_201()}
