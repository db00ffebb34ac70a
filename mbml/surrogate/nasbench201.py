"""A surrogate of NAS-Bench-201 v1.1, laid out byte by byte as the published file is."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.spaces import nasbench201
from mbml.surrogate.files import check_request
from mbml.surrogate.networks import expected_latent, topology_network
from mbml.surrogate.pickle_writer import PickleWriter
from mbml.surrogate.result_curves import CURVE_DATASETS, generator
from mbml.surrogate.result_states import Schedule, StateSpace, write_state
from mbml.whole_file import as_path, whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Cells with one, two and three trials of 200 epochs in v1.1, and the seeds that these have.
TRIALS: Final = (
    (2_225, (888,)),
    (5_439, (777, 888)),
    (7_961, (777, 888, 999)),
)
#: The 12-epoch trainings of every cell.
SHORT_RUNS: Final = (
    ("cifar10-valid", 777),
    ("cifar10-valid", 111),
    ("cifar10", 111),
    ("cifar100", 111),
    ("ImageNet16-120", 111),
)
_TOPOLOGY: Final = StateSpace(is_size=False, base_seconds=8.5)

#: What `torch.save` wrote before and after the object until PyTorch 1.6.
_HEAD: Final = (
    0x1950A86A20F9469CFC6C,
    1001,
    {
        "protocol_version": 1001,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    },
)
_BATCH: Final = 1000


def write_nasbench201(
    path: Path | str,
    *,
    cells: int = nasbench201.SIZE,
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a surrogate `.pth` file in bounded memory.

    Parameters
    ----------
    path
        The file; its name must contain `surrogate`. It appears when it is complete.
    cells
        How many cells, by official index from 0; all 15,625 take 5.0 GB.
    seed
        The same seed gives the same bytes, and a cell's numbers do not depend on `cells`.
    overwrite
        Take the place of a surrogate that has the name already.
    progress
        Called with the number of cells written so far.

    Raises
    ------
    UsageError
        If the name or the number of cells is refused.
    """
    path = as_path(path)
    check_request(path, cells, nasbench201.SIZE, overwrite=overwrite)
    seeds = _seeds_by_index(seed)
    with whole(path) as part, part.open("wb") as out:
        for one in _HEAD:
            pickle.dump(one, out, 2)
        writer = PickleWriter(out, 2)
        writer.begin_dict()
        writer.name("meta_archs")
        writer.list_of(nasbench201.official_order())
        writer.name("total_archs")
        writer.integer(nasbench201.SIZE)
        writer.name("arch2infos")
        writer.raw(b"}")
        writer.put()
        for first in range(0, cells, _BATCH):
            batch = range(first, min(first + _BATCH, cells))
            writer.raw(b"(" if len(batch) > 1 else b"")
            for index in batch:
                writer.integer(index)
                _write_cell(writer, index, seeds[index], seed)
                if progress is not None:
                    progress(index + 1)
            writer.raw(b"u" if len(batch) > 1 else b"s")
        writer.name("evaluated_indexes")
        writer.list_of(range(cells))
        writer.raw(b"u")
        writer.end()
        pickle.dump([], out, 2)


def _write_cell(writer: PickleWriter, index: int, seeds: tuple[int, ...], seed: int) -> None:
    network = topology_network(index, seed, expected_latent()[:, index])
    chance = generator(seed, index)
    long_runs = [(dataset, one) for one in seeds for dataset in CURVE_DATASETS]
    writer.begin_dict()
    writer.name("full")
    full = Schedule(200, long_runs)
    text_index = write_state(writer, network, full, _TOPOLOGY, None, chance)
    writer.name("less")
    write_state(writer, network, Schedule(12, SHORT_RUNS), _TOPOLOGY, text_index, chance)
    writer.raw(b"u")


def _seeds_by_index(seed: int) -> list[tuple[int, ...]]:
    """Deal out the numbers of trials to the cells, as often as v1.1 has them."""
    dealt = [seeds for count, seeds in TRIALS for _ in range(count)]
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(dealt))
    return [dealt[place] for place in order.tolist()]
