"""`make` sets up what its lists name, whatever newer files the index holds on the day."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BACKEND = """
import pathlib, shutil
def build_editable(folder, config_settings=None, metadata_directory=None):
    [wheel] = pathlib.Path("built").iterdir()
    shutil.copy(wheel, folder)
    return wheel.name
"""
RUNTIME = Path(".ci", "runtime.lock")
ALL = Path(".ci", "requirements.lock")
pytestmark = pytest.mark.slow


def write_wheel(folder: Path, name: str, version: str, *needs: str, extra: str = "") -> Path:
    """A wheel that installs and holds one module with its version."""
    about = f"{name}-{version}.dist-info"
    described = [
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {one}" for one in needs),
    ]
    content = {
        f"{name}.py": f"version = {version!r}\n",
        f"{about}/METADATA": "\n".join(["Metadata-Version: 2.1", *described, extra, ""]),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{about}/RECORD"] = "".join(f"{one},,\n" for one in [*content, f"{about}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, text in content.items():
            archive.writestr(member, text)
    return wheel


class Clone:
    """A checkout of a small mbml: this Makefile and its scripts, lists and an index of its own."""

    def __init__(self, folder: Path, installer: str) -> None:
        self.folder = folder / "clone"
        self.index = folder / "simple"
        self.uv = shutil.which("uv", path=Path(sys.executable).parent) if installer == "uv" else ""
        if self.uv is None:
            pytest.skip("uv is not installed")
        shutil.copytree(CHECKOUT / ".ci", self.folder / ".ci")
        shutil.copy(CHECKOUT / "Makefile", self.folder)
        (self.folder / "backend.py").write_text(BACKEND)
        (self.folder / "pyproject.toml").write_text(
            "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
            "[project]\nname = 'mbml'\nversion = '1'\n"
        )
        write_wheel(self.folder / "built", "mbml", "1", "plain>=1", "offers[more]>=1")

    def publish(self, name: str, version: str, *needs: str, extra: str = "") -> str:
        """Put a file on the index; its line of a list."""
        wheel = write_wheel(self.index / name, name, version, *needs, extra=extra)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        links = (f'<a href="{one.name}">{one.name}</a>' for one in wheel.parent.glob("*.whl"))
        (wheel.parent / "index.html").write_text("".join(links))
        return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"

    def lock(self, runtime: list[str], rest: list[str]) -> None:
        (self.folder / RUNTIME).write_text("".join(runtime))
        (self.folder / ALL).write_text("".join([*runtime, *rest]))

    def make(self, *targets: str) -> subprocess.CompletedProcess[str]:
        """Run make as on a machine without settings of pip, uv or git."""
        return subprocess.run(
            ["make", f"PYTHON={sys._base_executable}", f"UV={self.uv}", *targets],
            cwd=self.folder,
            env={
                "HOME": str(self.folder.parent),
                "PATH": os.environ["PATH"],
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": self.index.as_uri(),
                "UV_NO_CONFIG": "1",
                "UV_DEFAULT_INDEX": self.index.as_uri(),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> dict[str, str]:
        """The packages beside the installers that a new environment may hold, with versions."""
        found = self.folder.glob(".venv/lib/python*/site-packages/*.dist-info")
        versions = dict(one.stem.split("-")[:2] for one in found)
        return {name: versions[name] for name in versions.keys() - {"pip", "setuptools"}}


@pytest.fixture(params=["pip", "uv"])
def clone(tmp_path, request):
    """A clone with its lists, on an index that holds newer files of two locked packages."""
    made = Clone(tmp_path, request.param)
    made.lock(
        [
            made.publish("plain", "1"),
            made.publish("offers", "1", 'held>=1; extra == "more"', extra="Provides-Extra: more"),
            made.publish("held", "1"),
        ],
        [made.publish("checker", "1", "offers[more]>=1", "plain>=1")],
    )
    made.publish("offers", "2", 'held>=1; extra == "more"', extra="Provides-Extra: more")
    made.publish("plain", "2")
    return made


LISTED = {"held": "1", "mbml": "1", "offers": "1", "plain": "1"}


def test_newer_files_on_the_index_change_nothing(clone):
    done = clone.make(".venv/.ready")
    assert done.returncode == 0, done.stderr
    assert clone.installed() == LISTED | {"checker": "1"}


def test_the_demo_needs_the_runtime_alone_and_the_tests_add_the_rest(clone):
    assert clone.make(".venv/.runtime").returncode == 0
    assert clone.installed() == LISTED
    assert clone.make("--question", ".venv/.ready").returncode
    assert clone.make(".venv/.ready").returncode == 0
    assert clone.installed() == LISTED | {"checker": "1"}
    assert clone.make("--question", ".venv/.runtime", ".venv/.ready").returncode == 0


def test_a_list_that_lacks_a_package_is_refused(clone):
    runtime = (clone.folder / RUNTIME).read_text()
    clone.lock([runtime[runtime.index("offers") :]], [])
    done = clone.make(".venv/.runtime")
    assert done.returncode
    assert "plain" in done.stdout + done.stderr
    assert not (clone.folder / ".venv/.runtime").exists()


def test_what_an_interrupted_installation_left_is_not_built_upon(clone):
    clone.make(".venv/.runtime")
    [packages] = clone.folder.glob(".venv/lib/python*/site-packages")
    good = (clone.folder / ALL).read_text()
    (clone.folder / ALL).write_text(good[:-2] + ("0" if good[-2] != "0" else "1") + "\n")
    done = clone.make(".venv/.ready")
    assert done.returncode
    assert "checker" in done.stdout + done.stderr
    assert not (clone.folder / ".venv/.ready").exists()
    # A package of which the description alone was written: an installer takes it for installed.
    (packages / "checker-1.dist-info").mkdir()
    (packages / "checker-1.dist-info" / "METADATA").write_text("Name: checker\nVersion: 1\n")
    (clone.folder / ALL).write_text(good)
    assert clone.make(".venv/.ready").returncode == 0
    assert (packages / "checker.py").exists()
