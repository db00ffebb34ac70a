""".ci/requirements.lock names a version, by hash, for everything that pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK = CHECKOUT / ".ci" / "requirements.lock"
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
PLACES = [
    {"python_version": python, "python_full_version": f"{python}.0"} | system
    for python in ("3.11", "3.12", "3.13", "3.14")
    for system in (
        {"sys_platform": "linux", "platform_system": "Linux"},
        {"sys_platform": "darwin", "platform_system": "Darwin"},
        {"sys_platform": "win32", "platform_system": "Windows"},
    )
]


def asked_for():
    groups = [
        PROJECT["build-system"]["requires"],
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return sorted({text for group in groups for text in group if isinstance(text, str)})


@pytest.fixture(scope="module")
def entries():
    """Each entry of the lock: its requirement and its hashes."""
    if not LOCK.exists():
        pytest.skip("not a checkout")
    text = "\n".join(line for line in LOCK.read_text().splitlines() if not line.startswith("#"))
    found = []
    for entry in text.replace("\\\n", "").splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        found.append((Requirement(requirement), hashes))
    return found


@pytest.mark.parametrize("text", asked_for())
def test_what_is_asked_for_is_locked_everywhere(entries, text):
    wanted = Requirement(text)
    name = canonicalize_name(wanted.name)
    for place in PLACES:
        if wanted.marker and not wanted.marker.evaluate(place):
            continue
        [pin] = [
            one
            for one, _ in entries
            if one.name == name and (one.marker is None or one.marker.evaluate(place))
        ]
        [version] = [clause.version for clause in pin.specifier]
        assert wanted.specifier.contains(version), f"{text} is locked at {version}: run `make lock`"


def test_every_entry_is_one_version_with_its_hashes(entries):
    assert len(entries) > len(PROJECT["project"]["dependencies"])
    for requirement, hashes in entries:
        assert [clause.operator for clause in requirement.specifier] == ["=="]
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)


def test_no_place_to_get_them_from_is_named():
    assert not re.search(r"://|index-url|find-links|trusted-host", LOCK.read_text())


def installed(name):
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def needed():
    """Names of all that is asked for in any place, directly or by what is installed."""
    found, ahead = set(), [Requirement(text) for text in asked_for()]
    while ahead:
        wanted = ahead.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras} - {extra for one, extra in found if one == name}:
            found.add((name, extra))
            held = installed(name)
            for text in (held and held.requires) or ():
                one = Requirement(text)
                places = [place | {"extra": extra} for place in PLACES]
                if one.marker is None or any(map(one.marker.evaluate, places)):
                    ahead.append(one)
    return {name for name, _ in found}


def test_nothing_is_locked_that_nothing_asks_for(entries):
    for one, _ in entries:
        held = installed(one.name)
        if one.marker is None and not (held and one.specifier.contains(held.version)):
            pytest.skip(f"what is installed is not what is locked: {one}")
    assert {canonicalize_name(one.name) for one, _ in entries} - needed() == set()
