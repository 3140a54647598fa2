"""The gateway of the cluster has the page that make run serves."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.manifests.conftest import KUBECTL
from tests.manifests.reading import ROOT, container, functions, of_kind, pod

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def gateway(documents):
    return of_kind(documents, "Deployment", "apps")["gateway"]


def test_gateway_copies_the_page_of_the_image(documents):
    [copying] = pod(gateway(documents))["initContainers"]
    [packed] = re.findall(r"console/pack.py (/\w+)/console$", DOCKERFILE, re.M)
    command, option, source, target = copying["command"]
    [mount] = copying["volumeMounts"]

    assert (command, option, source) == ("cp", "-r", f"{packed}/.")
    assert f"COPY --from=page {packed} {packed}\n" in DOCKERFILE
    assert target == mount["mountPath"]
    assert copying["image"] == container(functions(documents)["list"])["image"]


def test_gateway_serves_what_was_copied(documents):
    [copying] = pod(gateway(documents))["initContainers"]
    [copied] = copying["volumeMounts"]
    serving = container(gateway(documents))
    volumes = {each["name"]: each for each in pod(gateway(documents))["volumes"]}

    assert {"name": "PAGE_DIR", "value": copied["mountPath"]} in serving["env"]
    assert {**copied, "readOnly": True} in serving["volumeMounts"]
    assert volumes[copied["name"]]["emptyDir"]["sizeLimit"]


def test_build_gets_the_page_and_its_lock():
    kept = (ROOT / ".dockerignore").read_text().splitlines()

    assert "!console" in kept
    assert "COPY console/requirements.lock ." in DOCKERFILE
    assert "COPY console console" in DOCKERFILE


def render(folder):
    """Run `make render` in a copy of the repository, and return the gateway pod's annotations."""
    environment = {**os.environ, "PATH": f"{Path(KUBECTL).parent}:{os.environ['PATH']}"}
    subprocess.run(["make", "-s", "render"], cwd=folder, env=environment, check=True, timeout=60)
    documents = yaml.safe_load_all((folder / ".work/deploy/all.yaml").read_text())
    return gateway(list(documents))["spec"]["template"]["metadata"]["annotations"]


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl: make test installs one")
def test_changed_page_starts_gateways_anew(tmp_path):
    """Under the same tag, a Deployment would be as before, and its pods keep the page they have."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("manifests", "console"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    before = render(tmp_path)
    assert render(tmp_path) == before

    (tmp_path / "console/page/main.js").write_text("export const changed = 1;")

    assert render(tmp_path) != before
