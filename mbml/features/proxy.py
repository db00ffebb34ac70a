"""Zero-cost proxies as features: scores of untrained networks, from the table `proxy`.

`proxy:NAME,NAME` names them. `proxy` alone is all that a warehouse holds of a view's cells, and
before a warehouse is asked, those of one publication.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mbml.benchmarks import benchmark_names
from mbml.errors import UsageError, did_you_mean
from mbml.features.columns import listed_names
from mbml.features.parts import MeasuredPart, MeasuringCost, Part
from mbml.features.topology.columns import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse

#: The proxies of NAS-Bench-Suite-Zero (Krishnakumar et al. 2022, https://arxiv.org/abs/2210.03230).
PROXIES = {
    "epe_nas": "correlation of Jacobians within classes",
    "fisher": "Fisher information of the activations, summed",
    "flops": "operations of one image in millions, as the proxies' authors count them",
    "grad_norm": "norm of the gradients of one batch",
    "grasp": "change of the gradients' norm as weights are pruned",
    "jacov": "covariance of the Jacobian over a batch",
    "l2_norm": "norm of the initial weights",
    "nwot": "distance of the activation patterns of a batch",
    "params": "parameters in millions, as the proxies' authors count them",
    "plain": "weights times gradients, summed",
    "snip": "absolute weights times gradients, summed",
    "synflow": "logarithm of the flow through all weights",
    "zen": "expressivity at random weights",
}


_LISTED = "proxy:"


def proxy_parts(argument: str) -> Mapping[str, tuple[Part, ...]]:
    """Make the part of `proxy:<name>,<name>`.

    Raises
    ------
    UsageError
        A name is empty, or stands twice.
    """
    return dict.fromkeys(benchmark_names(), (_part(sorted(listed_names("proxy", argument))),))


def proxy_set(argument: str) -> str:
    """Return the one name of `proxy:<name>,<name>`: sorted, and `proxy` for the published ones."""
    names = sorted(listed_names("proxy", argument))
    return "proxy" if names == list(PROXIES) else f"proxy:{','.join(names)}"


def with_one_list(sets: Sequence[str]) -> list[str]:
    """Return names of feature sets with all lists of proxies as one, in the place of the first."""
    lists = [one for one in sets if one.startswith(_LISTED)]
    if len(lists) < 2:
        return list(sets)
    joined = _LISTED + ",".join(one.removeprefix(_LISTED) for one in lists)
    first = sets.index(lists[0])
    return [*sets[:first], joined, *(one for one in sets[first:] if not one.startswith(_LISTED))]


def proxies_at_hand(warehouse: Warehouse, dataset: MetaDataset) -> tuple[str, str]:
    """Return the feature set of all proxies that are held of a view's cells, and a note on them.

    Raises
    ------
    UsageError
        None is held, or none that a feature set can name.
    """
    held = _held(warehouse, dataset)
    unnamed = [name for name in held if set(name) & set(",+") or name != name.strip()]
    names = [name for name in held if name not in unnamed]
    if not names:
        raise UsageError(
            f"{dataset.name}: no proxy of its cells on {dataset.images} can be listed, because of"
            f" a comma, a plus sign or a space at an end: {_quoted(unnamed)}; load them under"
            " other names (`rename`)"
        )
    missing = [name for name in PROXIES if name not in held]
    rarest = min(names, key=lambda name: held[name])
    most = max(held[name] for name in names)
    facts = []
    if missing:
        facts.append(f"not held of the {len(PROXIES)} published proxies: {', '.join(missing)}")
    if held[rarest] < most:
        facts.append(f"{rarest!r} is held for {held[rarest]:,} cells, others for up to {most:,}")
    if unnamed:
        facts.append(f"not used, because names are listed with commas: {_quoted(unnamed)}")
    note = "; ".join((f"note: proxies used: {', '.join(names)}", *facts)) if facts else ""
    return proxy_set(",".join(names)), note


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _part(names: Sequence[str]) -> MeasuredPart:
    columns = tuple(
        Column(f"proxy_{name}", PROXIES.get(name, "as it was loaded"), "the proxy's own", "proxy")
        for name in names
    )
    return MeasuredPart(columns=columns, read=partial(_read, names=names))


def _read(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series, *, names: Sequence[str]
) -> tuple[pl.DataFrame, MeasuringCost]:
    from mbml.frames import proxy_values

    held = _held(warehouse, dataset)
    missing = [name for name in names if name not in held]
    if missing:
        hint = did_you_mean(missing[0], held)
        raise UsageError(
            f"{dataset.name}: no proxy {missing[0]!r} of its cells is held on {dataset.images}"
            f"; those held are {', '.join(held)}" + (f" ({hint})" if hint else "")
        )
    found = proxy_values(warehouse, dataset, arch_ids, names=names)
    return found.rename({name: f"proxy_{name}" for name in names}), MeasuringCost()


def _held(warehouse: Warehouse, dataset: MetaDataset) -> dict[str, int]:
    from mbml.frames import held_proxies, proxy_datasets

    dataset.check_training("proxy")
    held = held_proxies(warehouse, dataset)
    if not held:
        others = proxy_datasets(warehouse, dataset.benchmark)
        raise UsageError(
            f"{dataset.name}: the warehouse holds no proxies of its cells on {dataset.images}"
            + (f" (only on {', '.join(others)})" if others else "")
            + "; load some with mbml ingest proxies"
        )
    return held


#: The part of the published proxies.
PUBLISHED: tuple[Part, ...] = (_part(list(PROXIES)),)
