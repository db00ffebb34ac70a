"""`mbml ingest nasbench201` and `natsbench` on files made by hand: what the views then say."""

from __future__ import annotations

import bz2

import numpy as np
import pytest
from hostile import CORPUS
from nas_records import OTHER, TEXT, arch, bare, legacy, release, run

from mbml.store import open_warehouse
from mbml.store.schema import sql_files

FINDINGS = {path.stem: path.read_text() for path in sql_files("50_findings")}


def trial(seed, parameters, flops, **changes):
    changes = {"params": np.float64(parameters / 1e6), "flop": flops / 1e6, **changes}
    return run("cifar10-valid", seed, 200, **changes)


def disagreeing():
    """Two cells: the trials of both differ in their sizes, one lacks trial 888."""
    first = arch(trial(777, 5, 50), trial(888, 7, 70), trial(999, 9, 90))
    second = arch(
        trial(777, 3, 30, text=OTHER),
        trial(999, 2, 20, text=OTHER),
        index=1,
        text=OTHER,
    )
    return {0: {"full": first}, 1: {"full": second}}


def as_nats(records):
    return {index: {"200": record["full"]} for index, record in records.items()}


@pytest.mark.parametrize(
    ("command", "name", "content"),
    [
        ("nasbench201", "a.pth", legacy(release(disagreeing()))),
        ("natsbench", "a.pickle.pbz2", bz2.compress(bare(release(as_nats(disagreeing()))))),
    ],
)
def test_sizes_that_disagree_are_those_of_trial_888_and_a_finding(
    mbml, tmp_path, command, name, content
):
    (tmp_path / name).write_bytes(content)
    mbml("ingest", command, tmp_path / name, "--warehouse", tmp_path / "w.duckdb")
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        rows = warehouse.rows(
            "select arch_index, parameters, flops, trials"
            " from meta_nasbench201_cifar10valid_200epochs order by arch_index"
        )
        found = warehouse.rows(FINDINGS["parameters_differ_between_trials"])
    assert rows == [(0, 7, 70, 3), (1, 3, 30, 2)]
    assert [row[3:] for row in sorted(found)] == [(5, 9, 50, 90), (2, 3, 20, 30)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [({}, "v1.1"), ({"train_times": None, "eval_times": {}}, "v1.0")],
)
def test_a_release_is_told_by_content_whatever_the_name(mbml, tmp_path, changes, told):
    path = tmp_path / "NAS-Bench-201-v1_2-000000.pth"
    record = {"full": arch(trial(888, 7, 70, **changes))}
    path.write_bytes(legacy(release({0: record}, names=[TEXT])))
    said = mbml("ingest", "nasbench201", path, "--warehouse", tmp_path / "w.duckdb")
    assert f"({told}): 1 records" in said.stdout


@pytest.mark.parametrize("command", ["nasbench201", "natsbench"])
@pytest.mark.parametrize("name", sorted(CORPUS)[::20])
def test_a_hostile_file_is_exit_5_and_keeps_nothing(mbml, tmp_path, command, name):
    (tmp_path / "a.pth").write_bytes(CORPUS[name])
    target = tmp_path / "w.duckdb"
    said = mbml("ingest", command, tmp_path / "a.pth", "--warehouse", target, expect=5)
    assert "a.pth" in said.stderr
    if target.exists():
        with open_warehouse(target) as warehouse:
            assert warehouse.rows("select count(*) from source") == [(0,)]
            assert warehouse.rows("select count(*) from epoch_metric") == [(0,)]
