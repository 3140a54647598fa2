"""Renders the overlays, with .venv/kubectl or the PATH's."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ("kind", "production")
KUBECTL = shutil.which("kubectl", path=str(Path(sys.prefix) / "kubectl/bin")) or shutil.which(
    "kubectl"
)
_rendered = {}


def render(overlay):
    """Return the documents of an overlay."""
    if overlay not in _rendered:
        _rendered[overlay] = _kustomize(ROOT / "manifests/overlays" / overlay)
    return [document for document in yaml.safe_load_all(_rendered[overlay]) if document]


def rendered(folder):
    """Return the documents of an overlay in another folder."""
    return [document for document in yaml.safe_load_all(_kustomize(folder)) if document]


def _kustomize(folder):
    if KUBECTL is None:
        pytest.skip("no kubectl: make test installs one")
    command = [KUBECTL, "kustomize", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=OVERLAYS)
def documents(request):
    """Return the documents of one overlay after the other."""
    return render(request.param)


@pytest.fixture
def kind_file(tmp_path):
    """Return the path of the rendered kind overlay."""
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(render("kind")))
    return path
