"""Zero-cost proxies as features: scores of untrained networks, from the table `proxy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbml.errors import UsageError
from mbml.features.parts import Cost, MeasuredPart, Part
from mbml.features.topology.columns import Column
from mbml.frames import read_proxies

if TYPE_CHECKING:
    import polars as pl

    from mbml.datasets import MetaDataset
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


def _read(
    warehouse: Warehouse, dataset: MetaDataset, arch_ids: pl.Series
) -> tuple[pl.DataFrame, Cost]:
    found = read_proxies(warehouse, dataset, arch_ids, names=list(PROXIES))
    if found.drop_nulls().is_empty():
        raise UsageError(
            f"{dataset.name}: the warehouse holds no proxies of its cells;"
            " load some with mbml ingest proxies PATH --dataset cifar10"
        )
    return found.rename({name: f"proxy_{name}" for name in PROXIES}), Cost()


PARTS: dict[str, tuple[Part, ...]] = {
    "nasbench201": (
        MeasuredPart(
            columns=tuple(
                Column(f"proxy_{name}", meaning, "the proxy's own", "proxy")
                for name, meaning in PROXIES.items()
            ),
            read=_read,
        ),
    )
}
