"""Zero-cost proxies as features, alone and with topology: Kendall's tau at N = 20 and 78.

It reads the folder named by MBML_DATA and runs `mbml evaluate`. All feature sets are trained and
scored on the same cells, those that have proxies: 9,445 of 15,625, one of each pruned cell.

    python benchmarks/proxies.py
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl
import real_tables

import mbml
from mbml.datasets import META_DATASETS
from mbml.predictors.evaluation import summarise_fits
from mbml.sources.tables.proxies import read_proxies
from mbml.store import open_warehouse
from mbml.store.proxies import ingest_proxies

#: Data set of the proxies, and the view whose validation accuracy is learned and scored.
TASKS = {
    "cifar10": "meta_nasbench201_cifar10valid_200epochs",
    "ImageNet16-120": "meta_nasbench201_imagenet16_120_200epochs",
}
FEATURES = ("proxy", "topology", "topology+proxy")


def load(path: Path) -> None:
    """Load measurements and proxies, and make a view of the cells that have proxies."""
    real_tables.load(path, ["nasbench201"], more=[real_tables.IMAGENET16_120])
    with open_warehouse(path, write=True) as warehouse:
        for dataset, view in TASKS.items():
            file = f"zero_cost_proxies_{dataset.lower().replace('-', '_')}.parquet"
            proxies = read_proxies(real_tables.DATA / "nasbench201" / file, dataset=dataset)
            ingest_proxies(warehouse, proxies)
            warehouse.con.execute(
                f"create view {name_of(dataset)} as select *, '{META_DATASETS[view].dataset}' as"
                f" dataset, 200 as schedule_epochs from {view}"
                f" where arch_id in (select arch_id from proxy where dataset = '{dataset}')"
            )


def name_of(dataset: str) -> str:
    """Return the name of the view."""
    return f"with_proxies_{dataset.lower().replace('-', '_')}"


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.duckdb"
        load(path)
        fits = []
        for features in FEATURES:
            grid = mbml.Grid(
                views=[name_of(dataset) for dataset in TASKS],
                predictors=("blend", "gp", "xgboost"),
                train_sizes=(20, 78),
                seeds=range(10),
                features=features,
            )
            fits += mbml.evaluate(path, grid)
    columns = ["view", "train_size", "predictor", "features", "kendall_tau", "kendall_tau_std"]
    with pl.Config(tbl_rows=-1, tbl_width_chars=150):
        print(summarise_fits(fits).select(columns))


if __name__ == "__main__":
    main()
