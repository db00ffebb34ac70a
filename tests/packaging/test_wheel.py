"""Wheel and sdist hold what git tracks (or would), the wheel is the same from either, and small."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
MOST_BYTES = 15_000_000


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-co", "--exclude-standard", *folders],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return set(listed.stdout.split())


def build(source: Path, folder: Path, *kinds: str) -> Path:
    command = [sys.executable, "-m", "build", *kinds, "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel made of the checkout."""
    tracked()
    return build(CHECKOUT, tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder in the sdist."""
    tracked()
    folder = tmp_path_factory.mktemp("sdist")
    (folder / "unpacked").mkdir()
    sdist = build(CHECKOUT, folder / "packed", "--sdist")
    # Not by `tarfile`: its `filter` came during Python 3.11, and is asked for by 3.12.
    subprocess.run(["tar", "-xzf", sdist, "-C", folder / "unpacked"], check=True)
    [unpacked] = (folder / "unpacked").iterdir()
    return unpacked


def content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_package_and_the_sql(wheel):
    names = {name for name in content(wheel) if ".dist-info/" not in name}
    assert names == {
        f"mbml/{name}" if name.startswith("sql/") else name for name in tracked("mbml", "sql")
    }


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < MOST_BYTES


def test_the_sdist_holds_the_whole_project(unpacked):
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert names == tracked() | {"PKG-INFO"}


def test_the_wheel_made_of_the_sdist_is_the_same(unpacked, wheel, tmp_path):
    assert content(build(unpacked, tmp_path, "--wheel")) == content(wheel)
