"""Surrogates of NATS-Bench: fast-mode folders of the topology and of the size space."""

from __future__ import annotations

import bz2
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mbml.errors import unknown_name
from mbml.spaces import nasbench201, natsbench_sss
from mbml.surrogate.files import SUFFIX, check_request
from mbml.surrogate.nasbench201 import _TOPOLOGY, SHORT_RUNS
from mbml.surrogate.networks import expected_latent, size_network, topology_network
from mbml.surrogate.pickle_writer import PickleWriter
from mbml.surrogate.result_curves import CURVE_DATASETS, Network, generator
from mbml.surrogate.result_states import Schedule, StateSpace, write_state
from mbml.whole_file import as_path, whole
from mbml.workers import map_in_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

#: Architectures of each space.
SIZES: Final = {"topology": nasbench201.SIZE, "size": natsbench_sss.SIZE}

_SIZE: Final = StateSpace(is_size=True, base_seconds=4.2)
#: Of the topology cells this share has the third seed, as in the release.
_SHARE_OF_999: Final = 8_169 / 15_625
_GROUP: Final = 16


@dataclass(frozen=True, slots=True)
class _Task:
    folder: Path
    space: str
    indexes: range
    seed: int
    expected: NDArray[np.float64]  # shape (targets, indexes); none of the size space


def write_natsbench(
    folder: Path | str,
    *,
    space: str = "topology",
    cells: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a surrogate fast-mode folder.

    Parameters
    ----------
    folder
        The folder; its name must contain `surrogate`. It appears when it is complete.
    space
        `topology` or `size`.
    cells
        How many architectures, by official index from 0; by default all.
    seed
        The same seed gives the same bytes.
    workers
        Processes that compress; by default one for each core.
    overwrite
        Take the place of a surrogate that has the name already.
    progress
        Called with the number of architectures written so far.

    Raises
    ------
    UsageError
        If the name, the space or the number of architectures is refused.
    """
    if space not in SIZES:
        raise unknown_name("space", space, SIZES)
    count = SIZES[space] if cells is None else cells
    folder = as_path(folder)
    check_request(folder, count, SIZES[space], overwrite=overwrite)
    # Evaluated here, once: the workers need no trees.
    expected = expected_latent() if space == "topology" else np.empty((0, count))
    with whole(folder) as part:
        part.mkdir()
        _write_meta(part, space)
        tasks = (
            _Task(part, space, indexes, seed, expected[:, indexes.start : indexes.stop])
            for indexes in _groups(count)
        )
        for done in map_in_workers(_write_group, tasks, workers=workers):
            if progress is not None:
                progress(done)


def _groups(count: int) -> Iterator[range]:
    for first in range(0, count, _GROUP):
        yield range(first, min(first + _GROUP, count))


def _write_meta(folder: Path, space: str) -> None:
    order = nasbench201.official_order if space == "topology" else natsbench_sss.official_order
    out = io.BytesIO()
    writer = PickleWriter(out, 4)
    writer.begin_dict()
    writer.name("meta_archs")
    writer.list_of(order())
    writer.name("total_archs")
    writer.integer(len(order()))
    writer.name("arch2infos")
    writer.raw(b"N")
    writer.name("evaluated_indexes")
    writer.raw(b"\x8f")
    writer.put()
    writer.raw(b"u")
    writer.end()
    (folder / f"meta{SUFFIX}").write_bytes(bz2.compress(out.getvalue()))


def _write_group(task: _Task) -> int:
    """Write some files, in a worker; return the index after the last."""
    for place, index in enumerate(task.indexes):
        if task.space == "topology":
            network = topology_network(index, task.seed, task.expected[:, place])
        else:
            network = size_network(index)
        out = io.BytesIO()
        _write_architecture(PickleWriter(out, 4), task.space, network, task.seed)
        (task.folder / f"{index:06d}{SUFFIX}").write_bytes(bz2.compress(out.getvalue()))
    return task.indexes.stop


def _write_architecture(writer: PickleWriter, space: str, network: Network, seed: int) -> None:
    chance = generator(seed, network.index)
    if space == "topology":
        kind = _TOPOLOGY
        seeds = (777, 888, 999) if chance.random() < _SHARE_OF_999 else (777, 888)
        schedules = {
            "12": Schedule(12, SHORT_RUNS),
            "200": Schedule(200, [(dataset, one) for one in seeds for dataset in CURVE_DATASETS]),
        }
    else:
        kind = _SIZE
        single = [(dataset, 777) for dataset in CURVE_DATASETS]
        several = [(dataset, one) for one in (777, 888, 999) for dataset in CURVE_DATASETS]
        schedules = {
            "01": Schedule(1, single),
            "12": Schedule(12, several),
            "90": Schedule(90, single),
        }
    writer.begin_ordered()
    writer.raw(b"(")
    text_index = None
    for name, schedule in schedules.items():
        writer.name(name)
        text_index = write_state(writer, network, schedule, kind, text_index, chance)
    writer.raw(b"u")
    writer.end()
