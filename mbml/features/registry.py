"""The registry of feature sets; sets can be joined, as in `topology+curve:12`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mbml.benchmarks import BENCHMARKS
from mbml.errors import UsageError, unknown_name
from mbml.features import columns, curve, proxy, published, transfer
from mbml.features.added import added, added_topology
from mbml.features.parts import TopologyPart
from mbml.features.topology.moments import TOPOLOGIES, Moments
from mbml.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mbml.features.parts import Part
    from mbml.features.topology.columns import Column


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """A named set of features.

    Attributes
    ----------
    name
        Name on the command line.
    meaning
        What it holds, in one line.
    version
        Another one when a column changes its meaning.
    parts
        For each benchmark, where the columns come from, in order.
    added_parts
        Makes these for the benchmark of a plug-in that is not among `parts`; empty if it has none.
    argument
        What follows the name and a colon, with an example; empty if nothing may. It may be left
        out where `parts` are those of no argument.
    with_argument
        Makes the parts from that argument; raises `UsageError` if it does not fit.
    note
        What a user should know of the columns, where a warehouse has decided on them.
    uniform
        Makes the whole name from the argument, the same for all spellings of one set.
    as_held
        True if a warehouse decides on its columns.
    """

    name: str
    meaning: str
    version: str
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    added_parts: Callable[[str], tuple[Part, ...]] | None = None
    argument: str = ""
    with_argument: Callable[[str], Mapping[str, tuple[Part, ...]]] | None = None
    note: str = ""
    uniform: Callable[[str], str] | None = None
    as_held: bool = False

    def described(self, benchmark: str) -> tuple[Column, ...]:
        """Return the columns for a benchmark with their meaning, unit and group.

        Raises
        ------
        UsageError
            The set is not defined for this benchmark.
        """
        return tuple(chain.from_iterable(part.columns for part in self.parts_for(benchmark)))

    def columns(self, benchmark: str) -> tuple[str, ...]:
        """Return the names of the columns for a benchmark, in order; raises as `described`."""
        return tuple(column.name for column in self.described(benchmark))

    def groups(self, benchmark: str) -> dict[str, tuple[str, ...]]:
        """Return the columns for a benchmark by their group, in order; raises as `described`."""
        found: dict[str, list[str]] = {}
        for column in self.described(benchmark):
            found.setdefault(column.group, []).append(column.name)
        return {group: tuple(names) for group, names in found.items()}

    def moments(self, benchmark: str) -> Moments:
        """Return mean and deviation of each column over its search space; NaN where not stored."""
        each = [part.moments() for part in self.parts_for(benchmark)]
        return Moments(*(np.concatenate(values) for values in zip(*each, strict=True)))

    def of_cells(
        self, benchmark: str, cells: Sequence[str], *, dataset: str = "cifar10"
    ) -> pl.DataFrame:
        """Compute the features of cells without a warehouse.

        Parameters
        ----------
        benchmark
            Name of the search space.
        cells
            Texts that the space's `parse` reads.
        dataset
            Data set whose classifier the parameters count.

        Returns
        -------
        polars.DataFrame
            One row a cell, the columns of `columns(benchmark)`.

        Raises
        ------
        CellError
            A text is no cell of the space.
        UsageError
            The set is not defined for the benchmark, or holds measurements.

        Examples
        --------
        >>> cell = "0100:input,output"
        >>> feature_set("published").of_cells("nasbench101", [cell])["parameters"].item()
        882570
        """
        parts = self.parts_for(benchmark)
        return pl.concat([part.of_cells(cells, dataset) for part in parts], how="horizontal")

    def parts_for(self, benchmark: str) -> tuple[Part, ...]:
        """Return where the columns for a benchmark come from; raises as `described`."""
        parts = self.parts.get(benchmark, ())
        if not parts and self.added_parts is not None and benchmark not in BENCHMARKS:
            parts = self.added_parts(benchmark)
        if not parts:
            raise UsageError(
                f"feature set {self.name!r} is not defined for {benchmark}; it is for "
                + (", ".join(self.parts) or "no benchmark")
                + "; choose another, such as topology"
            )
        return parts


FEATURE_SETS: dict[str, FeatureSet] = {
    one.name: one
    for one in (
        FeatureSet(
            name="published",
            meaning="the paper's six meta-features: convolutions, kernels, pooling, parameters",
            version="1",
            parts=published.META_FEATURES,
        ),
        FeatureSet(
            name="published_onehot",
            meaning="these six and a one-hot code of the operations",
            version="1",
            parts={
                benchmark: (*parts, published.ONE_HOT[benchmark])
                for benchmark, parts in published.META_FEATURES.items()
            },
        ),
        FeatureSet(
            name="topology",
            meaning="what the cell's graph alone says: paths, degrees, depths, random walks",
            version="1",
            parts={name: (TopologyPart(one),) for name, one in TOPOLOGIES.items()},
            added_parts=added_topology,
        ),
        FeatureSet(
            name="curve",
            meaning="the accuracy at an earlier epoch, which costs that many epochs of training",
            version="1",
            argument="an earlier epoch, as in curve:12, or curve:12:train for training accuracy",
            with_argument=curve.curve_parts,
        ),
        FeatureSet(
            name="transfer",
            meaning="validation accuracy on another data set, which costs a whole training there",
            version="1",
            argument="another view, as in transfer:meta_nasbench201_cifar10valid_200epochs",
            with_argument=transfer.transfer_parts,
        ),
        FeatureSet(
            name="columns",
            meaning="columns of the view, by name",
            version="1",
            argument="names of columns, as in columns:parameters,flops",
            with_argument=columns.column_parts,
        ),
        FeatureSet(
            name="proxy",
            meaning="zero-cost proxies that were loaded with mbml ingest proxies",
            version="1",
            parts=dict.fromkeys(BENCHMARKS, proxy.PUBLISHED),
            added_parts=lambda _: proxy.PUBLISHED,
            argument="names of proxies, as in proxy:synflow,jacov",
            with_argument=proxy.proxy_parts,
            uniform=proxy.proxy_set,
            as_held=True,
        ),
    )
}

FEATURE_PLUGINS: Plugins[FeatureSet] = Plugins(
    group="mbml.features",
    kind="feature set",
    fits=lambda one: isinstance(one, FeatureSet),
    wanted="an mbml.features.registry.FeatureSet",
    own=FEATURE_SETS,
)


def feature_set(text: str | FeatureSet) -> FeatureSet:
    """Return a feature set by name, of mbml or of a plug-in, or several joined by `+`.

    An entry is returned as it is.

    Raises
    ------
    UsageError
        There is none of that name (close names are told), an argument is missing or wrong, or two
        sets have a column in common.
    PluginError
        The plug-in of that name is broken.

    Examples
    --------
    >>> feature_set("topology+curve:12").groups("nasbench201")["curve"]
    ('valid_accuracy_at_12',)
    """
    if isinstance(text, FeatureSet):
        return text
    if not isinstance(text, str):
        raise unknown_name("feature set", text, FEATURE_SETS)
    sets = [_single(name) for name in proxy.with_one_list(text.split("+"))]
    if len(sets) == 1:
        return sets[0]
    shared = set.intersection(*(set(one.parts) for one in sets))
    joined = FeatureSet(
        name="+".join(one.name for one in sets),
        meaning="; ".join(one.meaning for one in sets),
        version="+".join(one.version for one in sets),
        parts={
            benchmark: tuple(chain.from_iterable(one.parts[benchmark] for one in sets))
            for benchmark in sets[0].parts
            if benchmark in shared
        },
        as_held=any(one.as_held for one in sets),
        added_parts=lambda benchmark: _joined(text, [one.parts_for(benchmark) for one in sets]),
    )
    for parts in joined.parts.values():
        _joined(text, [parts])
    return joined


def _joined(text: str, each: Sequence[tuple[Part, ...]]) -> tuple[Part, ...]:
    """Put parts side by side; raises `UsageError` if two have a column in common."""
    parts = tuple(chain.from_iterable(each))
    names = [column.name for part in parts for column in part.columns]
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise UsageError(f"{text!r} joins sets that share columns, such as {name!r}")
    return parts


def _single(text: str) -> FeatureSet:
    name, colon, argument = text.partition(":")
    known = FEATURE_PLUGINS.find(name, FEATURE_SETS)
    owner = FEATURE_PLUGINS.owner(name)
    if owner is not None:
        known = added(known, owner)
    if known.with_argument is None:
        if colon:
            raise UsageError(f"feature set {name!r} takes no argument; got {text!r}")
        # A plug-in's may call itself otherwise than its entry point.
        return replace(known, name=text)
    if known.parts and not colon:
        return replace(known, name=text)
    if not argument:
        raise UsageError(f"feature set {name!r} needs {known.argument}")
    parts = known.with_argument(argument)
    name = text if known.uniform is None else known.uniform(argument)
    return replace(known, name=name, parts=parts, as_held=False)
