"""Work in another thread ends with the one that waits for it."""

from __future__ import annotations

from threading import Event

import pytest

from mbml.store.waiting import Working


def test_an_interrupt_stops_the_work_and_goes_on(monkeypatch):
    stopped = Event()
    working = Working(lambda: stopped.wait(30))
    waits = iter([KeyboardInterrupt])
    wait = Working._wait

    def interrupted(self, seconds):
        for error in waits:
            raise error
        wait(self, seconds)

    monkeypatch.setattr(Working, "_wait", interrupted)
    working.start()
    with pytest.raises(KeyboardInterrupt):
        working.wait_or_stop(stopped.set)
    assert working.is_over
    assert working.result()


def test_work_that_takes_too_long_is_stopped():
    stopped = Event()
    working = Working(lambda: stopped.wait(30))
    working.start()
    assert not working.wait_or_stop(stopped.set, seconds=0.01)
    assert working.is_over


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for():
    working = Working(lambda: 1 // 0)
    working.start()
    assert working.wait_or_stop(lambda: None)
    with pytest.raises(ZeroDivisionError):
        working.result()
