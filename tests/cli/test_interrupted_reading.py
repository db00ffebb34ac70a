"""SIGINT ends the reading of a source wherever it stands, also within one long batch."""

from __future__ import annotations

import bz2
import signal
import subprocess
import sys
import time

import pytest
from nas_records import bare, release, slow_bytes, slow_record

from mbml.spaces import nasbench201

#: Starts mbml and says when the first bytes of a source are read.
STARTS = """
import sys
from mbml.cli.app import app
from mbml.sources.pickles import window
refill = window.Window.refill
def first(self):
    window.Window.refill = refill
    print("here", flush=True)
    refill(self)
window.Window.refill = first
app()
"""
NAMES = list(nasbench201.official_order())
#: On an idle machine it is a tenth of this.
LONGEST = 5.0


def one_file(folder):
    path = folder / "slow.pth"
    path.write_bytes(
        slow_bytes(
            release(
                {0: {"less": slow_record(0)}}
                | {index: {"less": slow_record(index)} for index in range(1, 80)},
                names=NAMES,
            )
        )
    )
    return "nasbench201", path


def many_files(folder):
    path = folder / "slow-simple"
    path.mkdir()
    top = release({}, names=NAMES, arch2infos=None, evaluated_indexes=set(range(150)))
    (path / "meta.pickle.pbz2").write_bytes(bz2.compress(bare(top)))
    for index in range(150):
        data = bz2.compress(slow_bytes({"12": slow_record(index)}), 1)
        (path / f"{index:06d}.pickle.pbz2").write_bytes(data)
    return "natsbench", path


@pytest.mark.slow
@pytest.mark.parametrize("make", [one_file, many_files])
def test_an_interrupt_ends_a_long_read(tmp_path, make):
    kind, path = make(tmp_path)
    call = ["ingest", kind, str(path), "--warehouse", str(tmp_path / "w.duckdb")]
    with subprocess.Popen(
        [sys.executable, "-c", STARTS, *call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "here\n"
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            started = time.monotonic()
            _, said = process.communicate(timeout=60)
            spent = time.monotonic() - started
        finally:
            process.kill()
    assert said == "interrupted; what was not finished is not kept\n"
    assert process.returncode == 130
    print(f"ended after {spent:.2f} s")
    assert spent < LONGEST
