"""Each reader under damaged files for a moment: `tools/fuzz.py`, with a fixed seed."""

from __future__ import annotations

import pytest
from fuzz import Fuzzing, at_random
from fuzzing import READERS

INPUTS = {
    "tfrecord": 600,
    "protobuf": 600,
    "pickle": 200,
    "containers": 400,
    "zip": 300,
    "bz2": 60,
    "archive": 500,
    "naslib101": 200,
    "naslib201": 100,
    "table": 150,
    "model": 250,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_refused_or_read(tmp_path, name):
    (tmp_path / "work").mkdir()
    fuzzing = Fuzzing(name, tmp_path / "work", tmp_path / "findings")
    at_random(fuzzing, seed=1, enough=lambda one: one.counts.total() >= INPUTS[name])
    print(fuzzing.told())
    assert fuzzing.findings == []
    assert fuzzing.counts["refused"] > 0
    assert fuzzing.counts["loaded" if name == "containers" else "rows"] > 0
