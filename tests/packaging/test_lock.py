"""The lists of .ci name a version, by hash, for everything that pyproject.toml asks for."""

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
RUNTIME = CHECKOUT / ".ci" / "runtime.lock"
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


def asked_for_to_run():
    return sorted(
        {
            *PROJECT["build-system"]["requires"],
            *PROJECT["project"]["dependencies"],
            *PROJECT["dependency-groups"]["setup"],
        }
    )


def asked_for():
    groups = [
        asked_for_to_run(),
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return sorted({text for group in groups for text in group if isinstance(text, str)})


def read(lock):
    """Each entry of a list: its requirement and its hashes."""
    if not lock.exists():
        pytest.skip("not a checkout")
    text = "\n".join(line for line in lock.read_text().splitlines() if not line.startswith("#"))
    found = []
    for entry in text.replace("\\\n", "").splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        found.append((Requirement(requirement), hashes))
    return found


@pytest.fixture(scope="module")
def entries():
    return read(LOCK)


@pytest.fixture(scope="module")
def runtime():
    return read(RUNTIME)


def pins(entries, place):
    """The versions and hashes that a list gives to one place, by name."""
    return {
        one.name: (one.specifier, hashes)
        for one, hashes in entries
        if one.marker is None or one.marker.evaluate(place)
    }


@pytest.mark.parametrize("text", asked_for())
def test_what_is_asked_for_is_locked_everywhere(entries, text):
    wanted = Requirement(text)
    name = canonicalize_name(wanted.name)
    for place in PLACES:
        if wanted.marker and not wanted.marker.evaluate(place):
            continue
        specifier, _ = pins(entries, place)[name]
        [version] = [clause.version for clause in specifier]
        assert wanted.specifier.contains(version), f"{text} is locked at {version}: run `make lock`"


@pytest.mark.parametrize("place", PLACES, ids=lambda one: " ".join(one.values()))
def test_what_mbml_runs_on_has_the_same_versions_in_both_lists(entries, runtime, place):
    assert pins(runtime, place).items() <= pins(entries, place).items()


def test_every_entry_is_one_version_with_its_hashes(entries, runtime):
    assert len(entries) > len(runtime) > len(PROJECT["project"]["dependencies"])
    for requirement, hashes in entries + runtime:
        assert [clause.operator for clause in requirement.specifier] == ["=="]
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)


def test_no_place_to_get_them_from_is_named():
    for lock in (LOCK, RUNTIME):
        assert not re.search(r"://|index-url|find-links|trusted-host", lock.read_text())


def installed(name):
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def needed(texts, places):
    """Names of all that is asked for in these places, directly or by what is installed."""
    found, ahead = set(), [Requirement(text) for text in texts]
    while ahead:
        wanted = ahead.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras} - {extra for one, extra in found if one == name}:
            found.add((name, extra))
            held = installed(name)
            for text in (held and held.requires) or ():
                one = Requirement(text)
                if one.marker is None or any(
                    one.marker.evaluate(place | {"extra": extra}) for place in places
                ):
                    ahead.append(one)
    return {name for name, _ in found}


@pytest.mark.parametrize(("lock", "texts"), [(LOCK, asked_for()), (RUNTIME, asked_for_to_run())])
def test_a_list_names_all_that_is_asked_for_and_nothing_else(lock, texts):
    entries = read(lock)
    for one, _ in entries:
        held = installed(one.name)
        if one.marker is None and not (held and one.specifier.contains(held.version)):
            pytest.skip(f"what is installed is not what is locked: {one}")
    named = {canonicalize_name(one.name) for one, _ in entries}
    assert named - needed(texts, PLACES) == set()
    # Markers of the place where this runs; pip check looks at no extras.
    applying = [one for one in map(Requirement, texts) if not one.marker or one.marker.evaluate()]
    assert needed(map(str, applying), [{}]) - pins(entries, {}).keys() == set()
