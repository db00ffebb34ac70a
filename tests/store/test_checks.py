"""The checks of `sql/40_checks`: one bad row is enough to fail, and what is just allowed passes."""

from __future__ import annotations

import pytest
from tables import load_rows, nasbench101_rows, nasbench201_rows

from mbml.errors import CheckError
from mbml.store.checks import run_checks
from mbml.store.schema import sql_files

#: A measurement of a device, and one under attack, as values of their columns.
DEVICE = "0, 'cifar10', 'pixel3', {batch}, {latency}, {energy}, {intensity}, {sources}"
ATTACK = "0, 'cifar10', 'fgsm', 'Linf', {epsilon}, {accuracy}, {sources}"


def device(batch="null", latency="0.5", energy="null", intensity="null", sources="[1]"):
    values = DEVICE.format(
        batch=batch, latency=latency, energy=energy, intensity=intensity, sources=sources
    )
    return f"insert into device_measurement values ({values})"


def attack(epsilon="1", accuracy="0.5", sources="[1]"):
    values = ATTACK.format(epsilon=epsilon, accuracy=accuracy, sources=sources)
    return f"insert into robustness_measurement values ({values})"


#: For each check, statements that break it in one row alone.
BREAKS = {
    "accuracy_is_a_fraction": [
        f"update epoch_metric set {name}_accuracy = {value} where run_id = 0"
        for name in ("train", "train_top5", "valid", "test", "valid_test")
        for value in ("1.000001", "-1e-300", "'nan'")
    ],
    "architecture_is_unique": [
        "insert into architecture from architecture where arch_id = 0",
        "update architecture set arch_id = 0 where arch_id = 1",
    ],
    "cell_value_is_in_step": [
        device(),
        device(latency="null", energy="0.5").replace("pixel3", "edgegpu"),
        device(latency="null", intensity="0.5").replace("pixel3", "eyeriss"),
        device(batch="32").replace("pixel3", "titan_rtx"),
        attack(),
        attack(epsilon="0.1"),
        "insert into proxy values (0, 'cifar10', 'zen', 1)",
        "insert into cell_value (arch_id, dataset, proxy_zen) values (0, 'cifar10', 1)",
    ],
    "device_measurement_is_unique": [
        f"{device()}; {device(latency='0.25')}",
        f"{device(batch='8')}; {device(batch='8')}",
    ],
    "device_values_are_finite": [
        device(**{name: f"'{value}'"})
        for name in ("latency", "energy", "intensity")
        for value in ("-1e-300", "nan", "inf")
    ],
    "epoch_has_its_run": [
        "update epoch_metric set epoch = 201 where run_id = 0",
        "update epoch_metric set run_id = 999 where run_id = 0",
    ],
    "epoch_is_unique": [
        "insert into epoch_metric from epoch_metric where run_id = 0 and epoch = 200"
    ],
    "latency_and_total_seconds_are_finite": [
        f"update run set {name}_seconds = '{value}' where run_id = 0"
        for name in ("latency", "total")
        for value in ("-1e-300", "nan", "inf")
    ],
    "loss_is_not_negative": [
        f"update epoch_metric set {name}_loss = -1e-300 where run_id = 0"
        for name in ("train", "valid", "test", "valid_test")
    ],
    "measurement_has_its_sources": [
        device(sources="[]"),
        device(sources="[1, 9]"),
        attack(sources="[9]"),
        device().replace("(0,", "(999,"),
        attack().replace("(0,", "(999,"),
    ],
    "native_index_is_unique": ["update architecture set native_index = 1 where native_index = 0"],
    "operation_counts_agree": [
        "delete from op where arch_id = 0 and position = 0",
        "insert into op from op where arch_id = 0 and position = 0",
        *(
            f"update architecture set {name}_count = {name}_count + 1 where arch_id = 0"
            for name in ("conv1x1", "conv3x3", "pool", "skip", "none")
        ),
    ],
    "proxy_is_finite": [
        f"insert into proxy values (0, 'cifar10', 'snip', '{value}')"
        for value in ("nan", "inf", "-inf")
    ],
    "robustness_is_a_fraction": [
        *(attack(accuracy=f"'{value}'") for value in ("1.000001", "-1e-300", "nan")),
        *(attack(epsilon=f"'{value}'") for value in ("-1e-300", "inf", "nan")),
    ],
    "robustness_measurement_is_unique": [f"{attack()}; {attack(accuracy='0.25')}"],
    "run_has_its_architecture": [
        "update run set arch_id = 999 where run_id = 0",
        "update run set source_id = 999 where run_id = 0",
    ],
    "run_is_unique": [
        "insert into run select 998, * exclude (run_id) from run where run_id = 0",
    ],
    "seconds_are_finite": [
        f"update epoch_metric set {name}_seconds = '{value}' where run_id = 0"
        for name in ("train", "valid", "test", "valid_test")
        for value in ("-1e-300", "nan", "inf")
    ],
    "summary_is_in_step": [
        "delete from cell_metric where arch_id = 0",
        "update cell_metric set trials = 2 where arch_id = 0",
        "insert into epoch_metric (run_id, epoch) values (0, 199)",
    ],
    "trials_of_one_kind": [
        "insert into run select * replace (998 as run_id, 888 as trial) from run where run_id = 0"
    ],
}
#: What is just allowed.
KEEPS = (
    "update epoch_metric set valid_accuracy = 1 where run_id = 0",
    "update epoch_metric set valid_accuracy = 0, train_loss = 0 where run_id = 0",
    "update epoch_metric set train_seconds = 0, train_loss = 'nan' where run_id = 0",
    "update run set latency_seconds = 0, total_seconds = 0 where run_id = 0",
    "update epoch_metric set epoch = 0 where run_id = 0",
    "update architecture set native_index = null where native_index < 2",
    # Without a column in cell_value.
    "; ".join(
        one.replace("pixel3", "a_phone").replace("fgsm", "own")
        for one in (device(latency="0"), device(batch="8"), attack(), attack(epsilon="2"))
    ),
    device(latency="null"),
    "insert into proxy values (0, 'cifar10', 'of_ones_own', 1)",
)


def test_every_check_is_broken_here():
    assert {path.stem for path in sql_files("40_checks")} == set(BREAKS)


@pytest.fixture
def held(warehouse, tmp_path):
    """A warehouse whose rows keep every rule."""
    load_rows(warehouse, nasbench201_rows(), tmp_path / "a.parquet")
    load_rows(warehouse, nasbench101_rows(), tmp_path / "b.parquet")
    run_checks(warehouse)
    return warehouse


@pytest.mark.parametrize("name", BREAKS)
def test_one_bad_row_fails(held, name):
    for statement in BREAKS[name]:

        def broken(statement=statement):
            held.con.execute(statement)
            _run_alone(held, name)

        with pytest.raises(CheckError) as caught:
            held.transaction(broken)
        assert f"check {name} failed for" in str(caught.value), statement


def _run_alone(warehouse, name):
    """Run one check; others may find the same row at fault."""
    with pytest.MonkeyPatch.context() as patch:
        one = [path for path in sql_files("40_checks") if path.stem == name]
        patch.setattr("mbml.store.checks.sql_files", lambda _: one)
        run_checks(warehouse)


@pytest.mark.parametrize("statement", KEEPS)
def test_what_is_just_allowed_passes(held, statement):
    held.con.execute(statement)
    run_checks(held)


def test_a_bad_row_is_found_by_the_whole_run(held):
    held.con.execute("update epoch_metric set valid_accuracy = 2 where run_id = 3")
    with pytest.raises(CheckError, match=r"accuracy_is_a_fraction failed for 1 rows.*run_id=3"):
        run_checks(held)
