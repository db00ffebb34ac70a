"""Facts read from the genuine NATS-Bench files by a plain unpickler: an oracle for tests only."""

from __future__ import annotations

import bz2
import pickle


def _load(path):
    return pickle.loads(bz2.decompress(path.read_bytes()))


def meta_archs(real_data, folder):
    """All architecture strings by index."""
    return _load(real_data / "natsbench" / folder / "meta.pickle.pbz2")["meta_archs"]


def network_costs(real_data, folder, index):
    """(dataset, FLOPs in millions, parameters in millions) of every recorded training."""
    schedules = _load(real_data / "natsbench" / folder / f"{index:06d}.pickle.pbz2")
    return {
        (key[0], run["flop"], run["params"])
        for state in schedules.values()
        for key, run in state["all_results"].items()
    }
