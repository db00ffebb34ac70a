"""Where the numbers of an export come from, as its files say inside."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mbml.datasets import catalogue
from mbml.sources.naming import parquet_metadata
from mbml.store.schema import own_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbml.benchmarks import MetaDataset
    from mbml.store import Warehouse

_SOURCES = """
    select benchmark, release, format, file_name, sha256, is_surrogate
    from source
    where list_contains(?, benchmark)
    order by source_id
"""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What is known of the numbers of a view or table.

    Attributes
    ----------
    relation
        The view or table.
    training
        The entry of a meta-dataset, which names the training that its rows are of.
    benchmarks
        Whose measurements it may hold; a view of the user may hold those of any that is loaded.
    sources
        What was loaded of these: `benchmark, release, format, file_name, sha256, is_surrogate`.
    is_surrogate
        True if any of the numbers may be invented: of a view or table, if any of its sources is;
        of results, if any of them comes of invented numbers, which may be those of elsewhere.
    """

    relation: str
    training: MetaDataset | None
    benchmarks: tuple[str, ...]
    sources: tuple[dict[str, Any], ...]
    is_surrogate: bool

    @property
    def mark(self) -> str:
        """What the name of a file says of it."""
        return "_surrogate" if self.is_surrogate else ""

    def metadata(self) -> dict[str, str]:
        """Return the keys and texts that a file holds, all of them beginning with ``mbml.``."""
        training = self.training
        known = {
            "mbml.relation": self.relation,
            "mbml.benchmark": ",".join(self.benchmarks),
            "mbml.sources": json.dumps(self.sources),
        }
        if training is not None:
            known |= {
                "mbml.dataset": training.dataset,
                "mbml.schedule_epochs": str(training.schedule_epochs),
                "mbml.epoch": str(training.epoch),
            }
        return parquet_metadata(is_surrogate=self.is_surrogate) | known


def provenance(warehouse: Warehouse, view: str) -> Provenance:
    """Return where the numbers of a view come from; those of a user's view may be any."""
    known = catalogue().get(view)
    if known is not None:
        training = known if known.epoch else None
        return _provenance(warehouse, view, (known.benchmark,), training)
    loaded = loaded_benchmarks(warehouse)
    may_hold_any = view == "measurement" or view not in own_views()
    return _provenance(warehouse, view, tuple(one for one in loaded if may_hold_any or one in view))


def provenance_of_table(warehouse: Warehouse, table: str) -> Provenance:
    """Return where the numbers of a table come from: from all that is loaded."""
    return _provenance(warehouse, table, loaded_benchmarks(warehouse))


def provenance_of_results(warehouse: Warehouse, table: str) -> Provenance:
    """Return where the numbers of a table of fits or searches come from."""
    known = provenance_of_table(warehouse, table)
    return replace(known, is_surrogate=warehouse.has_surrogate_results())


def loaded_benchmarks(warehouse: Warehouse) -> tuple[str, ...]:
    """Return the benchmarks that anything is loaded of."""
    rows = warehouse.rows("select distinct benchmark from source order by benchmark")
    return tuple(name for (name,) in rows)


def _provenance(
    warehouse: Warehouse,
    relation: str,
    benchmarks: Sequence[str],
    training: MetaDataset | None = None,
) -> Provenance:
    sources = warehouse.frame(_SOURCES, [list(benchmarks)]).to_dicts()
    return Provenance(
        relation=relation,
        training=training,
        benchmarks=tuple(benchmarks),
        sources=tuple(sources),
        is_surrogate=any(one["is_surrogate"] for one in sources),
    )
