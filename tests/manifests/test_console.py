"""The gateway of the cluster has the page that make run serves."""

import base64
import re

from tests.manifests.reading import ROOT, container, of_kind, pod

CONSOLE = ROOT / "console"
MOST_BYTES = 1024 * 1024
"""Of a ConfigMap, with its encoding (Kubernetes, ConfigMap)."""


def mounted(documents):
    """Return the files that the gateway finds under console/, as bytes by path."""
    gateway = of_kind(documents, "Deployment", "apps")["gateway"]
    maps = of_kind(documents, "ConfigMap")
    volumes = {each["name"]: each for each in pod(gateway)["volumes"]}
    files = {}
    for mount in container(gateway)["volumeMounts"]:
        if folder := re.fullmatch(r"/srv/circles/console/(\w+)", mount["mountPath"]):
            found = maps[volumes[mount["name"]]["configMap"]["name"]]
            for name, text in found.get("data", {}).items():
                files[f"{folder[1]}/{name}"] = text.encode()
            for name, text in found.get("binaryData", {}).items():
                files[f"{folder[1]}/{name}"] = base64.b64decode(text)
    return files


def test_gateway_mounts_every_file_of_the_page(documents):
    kept = {
        path.relative_to(CONSOLE).as_posix(): path.read_bytes()
        for path in CONSOLE.glob("*/*")
        if path.is_file()
    }

    assert mounted(documents) == kept
    gateway = container(of_kind(documents, "Deployment", "apps")["gateway"])
    assert {"name": "PAGE_DIR", "value": "/srv/circles"} in gateway["env"]


def test_page_fits_into_config_maps(documents):
    for name, found in of_kind(documents, "ConfigMap").items():
        parts = [*found.get("data", {}).values(), *found.get("binaryData", {}).values()]
        assert sum(len(part.encode()) for part in parts) < MOST_BYTES, name
