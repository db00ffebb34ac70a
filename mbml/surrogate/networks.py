"""The architectures that surrogate files are made of: the whole space, or its first indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.sources.naming import check_surrogate_name
from mbml.spaces import nasbench201, natsbench_sss
from mbml.surrogate.result_curves import DATASETS, Network

if TYPE_CHECKING:
    from pathlib import Path

#: What an operation adds to a cell's invented quality.
_WORTH = {
    "none": -0.08,
    "skip_connect": 0.02,
    "nor_conv_1x1": 0.05,
    "nor_conv_3x3": 0.09,
    "avg_pool_3x3": 0.0,
}


def topology_network(index: int) -> Network:
    """Return a cell of the topology space by its official index."""
    text = nasbench201.official_order()[index]
    cell = nasbench201.parse(text)
    quality = 0.0
    if cell.functional_id != "#":
        worth = sum(_WORTH[name] for name in cell.pruned().operations)
        quality = min(max(0.62 + worth, 0.05), 0.99)
    return Network(index, text, quality, _costs(cell))


def size_network(index: int) -> Network:
    """Return a net of the size space by its official index."""
    text = natsbench_sss.official_order()[index]
    net = natsbench_sss.parse(text)
    return Network(index, text, 0.72 + 0.27 * sum(net.widths) / 320, _costs(net))


def _costs(cell: nasbench201.Cell | natsbench_sss.Cell) -> dict[str, tuple[int, int]]:
    return {name: (cell.parameters_on(name), cell.flops_on(name)) for name in DATASETS}


def check_request(path: Path, cells: int, most: int) -> None:
    """Refuse a name that does not say what the numbers are, or a size that cannot be.

    Raises
    ------
    UsageError
        If the name lacks `surrogate`, the path exists, or the number of cells is out of range.
    """
    check_surrogate_name(path)
    if path.exists():
        raise UsageError(f"{path} exists; name another, or remove it first")
    if not 1 <= cells <= most:
        raise UsageError(f"{cells} cells; from 1 to {most} can be written")
