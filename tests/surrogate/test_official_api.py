"""The authors' own `nats_bench` reads surrogate folders, and finds what the warehouse has."""

from __future__ import annotations

import warnings

import pytest
from nats_bench import create

from mbml.sources.natsbench import NatsBenchSource
from mbml.store import ingest
from mbml.surrogate.natsbench import write_natsbench

LAST_EPOCHS = """
select a.native_index, r.dataset::varchar, r.schedule_epochs, r.trial,
    e.train_accuracy, e.valid_accuracy, e.test_accuracy, e.valid_test_accuracy
from architecture as a
inner join run as r using (arch_id)
inner join epoch_metric as e using (run_id)
where e.epoch = r.schedule_epochs
"""


@pytest.mark.parametrize(
    ("space", "short", "runs"), [("topology", "tss", 3 * (5 + 2 * 4)), ("size", "sss", 3 * 5 * 4)]
)
def test_the_official_package_finds_what_the_warehouse_has(tmp_path, warehouse, space, short, runs):
    folder = tmp_path / "surrogate"
    write_natsbench(folder, space=space, cells=3, workers=1)
    ingest(warehouse, NatsBenchSource(folder))
    rows = warehouse.rows(LAST_EPOCHS)
    assert len(rows) >= runs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dtypes hold integers for booleans, as the genuine do
        api = create(str(folder), short, fast_mode=True, verbose=False)
        for index, dataset, epochs, trial, *accuracies in rows:
            told = api.get_more_info(index, dataset, hp=f"{epochs:02d}", is_random=trial)
            expected = [told.get(f"{name}-accuracy") for name in ("train", "valid", "test")]
            expected.append(told.get("valtest-accuracy"))
            found = [None if one is None else 100 * one for one in accuracies]
            assert found == pytest.approx(expected)
