"""`make run` packs the page when something of it has changed, and only then."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STAMP = ".work/page/stamp"


@pytest.fixture
def checkout(tmp_path):
    """Return a folder with Makefile, page and an environment that is ready."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "manifests/deploy", tmp_path / "manifests/deploy")
    shutil.copytree(ROOT / "console", tmp_path / "console")
    for lock in (
        "requirements.lock",
        "predictor/requirements.lock",
        "manifests/local/requirements.lock",
    ):
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / lock).touch()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/run.stamp").touch()
    return tmp_path


def make(checkout):
    """Pack the page, and return whether make had to."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(checkout)}
    done = subprocess.run(
        ["make", STAMP], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return "up to date" not in done.stdout


def test_page_is_packed_when_it_changes(checkout):
    page, packed = checkout / "console/page", checkout / ".work/page/console/page"
    assert make(checkout)
    assert not make(checkout)

    (page / "format.js").write_text("export const changed = 1;\n")
    assert make(checkout)
    assert (packed / "format.js").read_text() == "export const changed=1"

    (page / "state.js").unlink()
    assert make(checkout)
    assert not (packed / "state.js").exists()

    (page / "new.js").write_text("export const added = 1;\n")
    assert make(checkout)
    assert (packed / "new.js").exists()
    assert not make(checkout)


def test_interrupted_packing_is_repeated(checkout):
    whole = (checkout / "console/pack.py").read_text()
    (checkout / "console/pack.py").write_text("raise SystemExit(1)")
    with pytest.raises(AssertionError):
        make(checkout)

    (checkout / "console/pack.py").write_text(whole)
    assert make(checkout)
