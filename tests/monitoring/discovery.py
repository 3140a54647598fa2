"""
The component's scrape configuration for a Prometheus that cannot look into a cluster.

Debian builds Prometheus without kubernetes_sd. What that finds is written into a file instead (file_sd), with the
labels that Prometheus documents for it (prometheus.io, configuration, kubernetes_sd_config, role pod); relabelling and
all the rest stay the component's own.

As a program it writes that configuration for the pods that a namespace has now, and with --follow for those that it has
later, for such a Prometheus to ask them:

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
        pods_of: gives the pods, as the Kubernetes API has them, that a label selector selects.
        overrides: of the section `global`.
    """
    configuration = yaml.safe_load(CONFIGURATION.read_text())
    configuration["global"] |= overrides
    for job in configuration["scrape_configs"]:
        [discovery] = job.pop("kubernetes_sd_configs")
        [selector] = discovery.pop("selectors")
        assert discovery == {"role": "pod", "namespaces": {"own_namespace": True}}, "this file knows no other"
        assert selector.pop("role") == "pod"
        found = [target for pod in pods_of(selector["label"]) for target in targets(pod)]
        file = folder / f"{job['job_name']}.json"
        _replace(file, json.dumps(found, indent=1))
        job["file_sd_configs"] = [{"files": [str(file.resolve())]}]
    shutil.copy(COMPONENT / "rules.yml", folder)
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(configuration, sort_keys=False))
    return written


def _replace(file, text):
    """Write file anew in one step: Prometheus reads it whenever it changes."""
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)


def targets(pod):
    """What kubernetes_sd makes of a pod: a target for each port of its containers, one where there is none."""
    if "podIP" not in pod["status"]:
        return []
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]
    return [_target(pod, container, port) for container in containers for port in container.get("ports") or [None]]


def _target(pod, container, port):
    about = {
        "namespace": pod["metadata"]["namespace"],
        "pod_name": pod["metadata"]["name"],
        "pod_ip": pod["status"]["podIP"],
        "pod_phase": pod["status"]["phase"],
        "pod_container_name": container["name"],
        **{f"pod_label_{_sanitized(name)}": text for name, text in pod["metadata"].get("labels", {}).items()},
    }
    address = pod["status"]["podIP"]
    if port:
        about["pod_container_port_name"] = port.get("name", "")
        about["pod_container_port_number"] = str(port["containerPort"])
        address += f":{port['containerPort']}"
    return {"targets": [address], "labels": {f"__meta_kubernetes_{name}": text for name, text in about.items()}}


def _sanitized(name):
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _of_cluster(namespace):
    def pods_of(selector):
        command = ["kubectl", "-n", namespace, "get", "pods", "-l", selector, "-o", "json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["items"]

    return pods_of


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("namespace")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--follow", action="store_true", help="go on, every other second; Prometheus sees what changed")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print(write(options.folder, _of_cluster(options.namespace)), flush=True)
    while options.follow:
        time.sleep(2)
        write(options.folder, _of_cluster(options.namespace))


if __name__ == "__main__":
    main()
