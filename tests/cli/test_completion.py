"""What the shell offers after the Tab key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

#: Slow together: most start processes of their own.
pytestmark = pytest.mark.slow

VIEW = "meta_nasbench201_cifar100_200epochs"
MBML = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'mbml'; from mbml.cli.app import main; main()",
]


def offered(words, warehouse):
    env = os.environ | {
        "_MBML_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "MBML_WAREHOUSE": str(warehouse),
    }
    done = subprocess.run(MBML, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "among"),
    [
        (["train", "meta_nasbench201_cifar100_2"], {VIEW}),
        (["train", VIEW, "--predictor", "bl"], {"blend"}),
        (["train", VIEW, "--features", "topology+pu"], {"topology+published"}),
        (["search", VIEW, "--strategy", "gui"], {"guided"}),
        (["predict", "pretrained:nasbench101"], {"pretrained:nasbench101-108epochs"}),
        (["ingest", "proxies", "x", "--dataset", "Ima"], {"ImageNet16-120"}),
        (["sample", "nats"], {"natsbench_sss"}),
        (["describe", "meas"], {"measurement"}),
    ],
    ids=lambda one: one[-1] if isinstance(one, list) else "",
)
def test_names_are_offered(loaded, words, among):
    found = offered(["mbml", *words], loaded)
    assert among <= set(found)
    assert all(one.startswith(words[-1]) for one in found)


@pytest.mark.parametrize("content", [None, b"no warehouse at all"])
def test_a_bad_warehouse_does_not_disturb_the_line(tmp_path, content):
    path = tmp_path / "w.duckdb"
    if content is not None:
        path.write_bytes(content)
    assert VIEW in offered(["mbml", "train", "meta_"], path)


def test_views_of_ones_own_are_offered(loaded, tmp_path):
    import duckdb

    path = shutil.copy(loaded, tmp_path / "w.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute("create view mine as select 1 as x")
    assert offered(["mbml", "plot", "mi"], path) == ["mine"]
