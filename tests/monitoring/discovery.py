"""
Write the component's scrape configuration for a Prometheus without kubernetes_sd, such as Debian's.

The targets that kubernetes_sd would find are written into a file (file_sd), with the labels that
Prometheus documents for it (prometheus.io, configuration, kubernetes_sd_config, role pod).
Relabelling and everything else stay the component's own.

As a program it writes that configuration for the pods of a namespace, and with --follow again every
other second:

    python -m tests.monitoring.discovery NAMESPACE FOLDER --follow &
    prometheus --config.file FOLDER/prometheus.yml --storage.tsdb.path FOLDER/data
"""

import argparse
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import yaml

COMPONENT = Path(__file__).resolve().parents[2] / "manifests/monitoring"
CONFIGURATION = COMPONENT / "prometheus.yml"


def write(folder, pods_of, **overrides):
    """
    Write prometheus.yml, rules.yml and the targets into folder, and return the path of the first.

    Args:
        pods_of: returns the pods of a label selector, as the Kubernetes API describes them.
        overrides: settings of the section `global`.
    """
    configuration = yaml.safe_load(CONFIGURATION.read_text())
    configuration["global"] |= overrides
    for job in configuration["scrape_configs"]:
        [discovery] = job.pop("kubernetes_sd_configs")
        [selector] = discovery.pop("selectors")
        assert discovery == {"role": "pod", "namespaces": {"own_namespace": True}}, (
            "only this discovery is supported"
        )
        assert selector.pop("role") == "pod"
        found = [target for pod in pods_of(selector["label"]) for target in list_targets(pod)]
        file = folder / f"{job['job_name']}.json"
        _replace(file, json.dumps(found, indent=1))
        job["file_sd_configs"] = [{"files": [str(file.resolve())]}]
    shutil.copy(COMPONENT / "rules.yml", folder)
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(configuration, sort_keys=False))
    return written


def _replace(file, text):
    """Replace a file atomically, because Prometheus reads it whenever it changes."""
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)


def list_targets(pod):
    """Return the targets of a pod: one for each port of a container, or one without ports."""
    if "podIP" not in pod["status"]:
        return []
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]
    return [
        _target(pod, container, port)
        for container in containers
        for port in container.get("ports") or [None]
    ]


def _target(pod, container, port):
    about = {
        "namespace": pod["metadata"]["namespace"],
        "pod_name": pod["metadata"]["name"],
        "pod_ip": pod["status"]["podIP"],
        "pod_phase": pod["status"]["phase"],
        "pod_container_name": container["name"],
        **{
            f"pod_label_{_sanitize(name)}": text
            for name, text in pod["metadata"].get("labels", {}).items()
        },
    }
    address = pod["status"]["podIP"]
    if port:
        about["pod_container_port_name"] = port.get("name", "")
        about["pod_container_port_number"] = str(port["containerPort"])
        address += f":{port['containerPort']}"
    return {
        "targets": [address],
        "labels": {f"__meta_kubernetes_{name}": text for name, text in about.items()},
    }


def _sanitize(name):
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _read_pods_of(namespace):
    def pods_of(selector):
        command = ["kubectl", "-n", namespace, "get", "pods", "-l", selector, "-o", "json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["items"]

    return pods_of


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("namespace")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--follow",
        action="store_true",
        help="repeat every other second",
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print(write(options.folder, _read_pods_of(options.namespace)), flush=True)
    while options.follow:
        time.sleep(2)
        write(options.folder, _read_pods_of(options.namespace))


if __name__ == "__main__":
    main()
