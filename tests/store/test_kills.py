"""Killed at random moments, no command loses or doubles anything."""

from __future__ import annotations

import kill_at_random
import pytest


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path):
    struck = kill_at_random.run(15, seed=1, folder=tmp_path)
    assert sum(struck.values()) > 7
