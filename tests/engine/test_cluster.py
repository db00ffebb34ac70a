"""`--engine dask://…`: the same scores as here, no result lost with a worker, and what is told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tables import load_rows, nasbench201_rows
from typer.testing import CliRunner

import mbml as mbml_package
from mbml.cli.app import app
from mbml.engine import cluster, run
from mbml.errors import MbmlError, UsageError
from mbml.store import open_warehouse

VIEW = "meta_nasbench201_cifar100_200epochs"
EVALUATE = ("evaluate", VIEW, "--train-size", 20, "--predictor", "random_forest", "--json")
SEARCH = ("search", VIEW, "--strategy", "evolution", "--budget", 20, "--seeds", 4, "--json")


def mbml(*arguments, warehouse="none.duckdb", expect=0):
    done = CliRunner().invoke(app, [*map(str, arguments), "--warehouse", str(warehouse)])
    assert done.exit_code == expect, done.stderr or done.stdout
    return done


@contextmanager
def cluster_of(workers, threads=1):
    """A real scheduler and workers in processes of their own; gives the engine's name."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=threads, memory_limit="1GB", dashboard_address=":0"
    ) as made:
        yield made.scheduler_address.replace("tcp://", "dask://")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


BAD = [
    ("dusk://node:1", 2, "write dask://HOST:PORT"),
    ("dask://node", 2, "write dask://HOST:PORT, as in dask://node01:8786"),
    ("dask://node:70000", 2, "write dask://HOST:PORT"),
    ("dask", 2, "unknown engine 'dask'; known: dask://HOST:PORT, local"),
    (f"dask://127.0.0.1:{free_port()}", 1, "start one there with `dask scheduler --port"),
]


@pytest.mark.parametrize("command", [EVALUATE, SEARCH], ids=["evaluate", "search"])
@pytest.mark.parametrize(("engine", "code", "said"), BAD, ids=[one[0][:12] for one in BAD])
def test_what_is_no_cluster(command, engine, code, said):
    done = mbml(*command, "--engine", engine, expect=code)
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_jobs_are_of_this_machine():
    said = mbml(*EVALUATE, "--engine", "dask://node:1", "--jobs", 2, expect=2).stderr
    assert "leave out --jobs" in said


def test_no_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = mbml(*EVALUATE, "--engine", "dask://127.0.0.1:1", expect=2).stderr
    assert "pip install 'mbml[dask]'" in said


def without_times(told):
    if isinstance(told, list):
        return [without_times(one) for one in told]
    if not isinstance(told, dict):
        return told
    return {
        key: without_times(value)
        for key, value in told.items()
        if not key.endswith("seconds") or "spent" in key
    }


@pytest.mark.slow
def test_two_workers_give_the_very_results_of_this_machine(tmp_path):
    here, there = tmp_path / "here.duckdb", tmp_path / "there.duckdb"
    with open_warehouse(here, write=True) as warehouse:
        load_rows(warehouse, nasbench201_rows(60), tmp_path / "surrogate.parquet")
    shutil.copy(here, there)
    grid = [*EVALUATE, *(word for seed in range(6) for word in ("--seed", seed))]
    with cluster_of(2) as engine:
        for command in (grid, SEARCH):
            told = json.loads(mbml(*command, "--engine", engine, warehouse=there).stdout)
            again = json.loads(mbml(*command, warehouse=here).stdout)
            assert without_times(told) == without_times(again)


def keep(_, task):
    return task * task


def end_worker_once(folder, task):
    """Kill the process at the third task, the first time."""
    mark = folder / "killed"
    if task == 3 and not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def end_worker_afterwards(folder, task):
    """Finish the third task, and kill the process before or while its result is fetched."""
    mark = folder / "killed"
    if task == 3 and not mark.exists():
        mark.write_text(str(os.getpid()))
        threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGKILL]).start()
    return task


def always_die(_, task):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_lost_worker_loses_no_result(tmp_path):
    with cluster_of(2) as engine:
        done = list(run(end_worker_once, range(12), shared=tmp_path, engine=engine))
    assert sorted(done) == list(range(12))
    assert (tmp_path / "killed").exists()


@pytest.mark.slow
@pytest.mark.parametrize("function", [end_worker_once, end_worker_afterwards])
def test_the_only_worker_is_lost_with_the_data(tmp_path, function):
    with cluster_of(1) as engine:
        done = list(run(function, range(5), shared=tmp_path, engine=engine))
    assert sorted(done) == list(range(5))


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_given_up():
    with (
        cluster_of(2) as engine,
        pytest.raises(MbmlError, match="given up after several workers"),
    ):
        list(run(always_die, range(1), shared=None, engine=engine))


def nap(_, seconds):
    time.sleep(seconds)
    return seconds


@pytest.mark.slow
def test_the_scheduler_goes_away(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    with cluster_of(1) as engine:
        results = run(nap, iter([0.0, 600.0]), shared=None, engine=engine)
        assert next(results) == 0.0
    with pytest.raises(MbmlError, match=r"went away .*run the same command again"):
        next(results)


@pytest.mark.slow
def test_workers_of_several_threads_are_refused():
    with cluster_of(1, threads=2) as engine, pytest.raises(UsageError, match="--nthreads 1"):
        list(run(keep, range(2), shared=None, engine=engine))


@contextmanager
def server(answer):
    """Something on this machine that takes connections and is no scheduler; gives the engine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = []

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                taken.append(connection)
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"dask://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        for one in taken:
            one.close()


def is_mute(_):
    pass


def is_http(connection):
    """Answer as a web server does: once something was asked for."""

    def answer():
        with suppress(OSError):
            connection.recv(1)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/html\r\n\r\n")
            connection.close()

    threading.Thread(target=answer, daemon=True).start()


def has_a_banner(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def hangs_up(connection):
    connection.close()


def begins_well(connection):
    """Send the length of a greeting, and then what is none."""
    connection.sendall((64).to_bytes(8, "little") + b"\xff" * 64)


@pytest.mark.parametrize("answer", [is_mute, is_http, has_a_banner, hangs_up, begins_well])
def test_what_is_no_scheduler_is_told_soon(monkeypatch, answer):
    monkeypatch.setattr(cluster, "ANSWER", 1)
    started = time.monotonic()
    with server(answer) as engine:
        done = mbml(*EVALUATE, "--engine", engine, expect=1)
    assert time.monotonic() - started < 15
    assert done.stderr.count("\n") == 1
    assert "no Dask scheduler answers at 127.0.0.1:" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_a_worker_is_no_scheduler():
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as made:
        worker = made.workers[0].worker_address.replace("tcp://", "dask://")
        started = time.monotonic()
        done = mbml(*EVALUATE, "--engine", worker, expect=1)
    assert time.monotonic() - started < 15
    assert "what answers there is 'Worker'" in done.stderr
    assert done.stderr.count("\n") == 1


@contextmanager
def another_worker(engine, folder, version, *, threads=1):
    """A worker of another mbml, which joins a cluster late."""
    package = folder / f"of-{version}" / "mbml"
    package.mkdir(parents=True)
    for file in Path(mbml_package.__file__).parent.iterdir():
        if file.name not in {"__pycache__", "_version.py"}:
            (package / file.name).symlink_to(file)
    (package / "_version.py").write_text(f"__version__ = {version!r}\n")
    address = engine.replace("dask://", "tcp://")
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    more = ["--nthreads", str(threads), "--no-nanny", "--no-dashboard"]
    # A scratch folder of its own: workers clear away each other's in a shared one.
    alone = {"PYTHONPATH": str(package.parent), "DASK_TEMPORARY_DIRECTORY": str(folder)}
    log = folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *more], env=os.environ | alone, cwd=folder, stdout=output, stderr=output
        )

    def is_alive():
        assert process.poll() is None, log.read_text()
        return True

    try:
        yield is_alive
    finally:
        process.kill()
        process.wait()


def version_after_a_while(_, seconds):
    """Return the version that computes this, some time later."""
    from mbml._version import __version__

    time.sleep(seconds)
    return __version__


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "threads", "said"),
    [
        ("0.0.9", 1, r"has mbml '0\.0\.9', this is .*; install the same"),
        ("same", 2, "has 2 threads"),
    ],
)
def test_a_worker_that_joins_late_is_looked_at_too(tmp_path, version, threads, said):
    version = mbml_package.__version__ if version == "same" else version
    with cluster_of(1) as engine:
        tasks = (0.2 for _ in range(600))
        results = run(version_after_a_while, tasks, shared=None, engine=engine)
        found = {next(results)}
        late = another_worker(engine, tmp_path, version, threads=threads)
        with late as is_alive, pytest.raises(UsageError, match=said):
            found.update(result for result in results if is_alive())
    assert found == {mbml_package.__version__}


class OneWorker:
    """A client whose worker answers as it is told."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def nthreads(self):
        return {"tcp://late": 1}

    def run(self, *_, **__):
        return {"tcp://late": self.answers.pop(0)}


def test_a_worker_that_does_not_answer_is_asked_again():
    workers = cluster._Workers(OneWorker(OSError("busy"), mbml_package.__version__))
    assert [workers.count(), workers.count(), workers.count()] == [0, 1, 1]
    workers = cluster._Workers(OneWorker(OSError("busy"), "0.0.9"))
    assert workers.count() == 0
    with pytest.raises(UsageError, match=r"has mbml '0\.0\.9'"):
        workers.count()


@pytest.mark.slow
def test_no_worker_comes(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with cluster_of(0) as engine, pytest.raises(MbmlError, match="has no worker after 1 s"):
        list(run(keep, range(2), shared=None, engine=engine))
