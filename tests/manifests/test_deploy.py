"""The scripts of manifests/deploy, with stand-ins for kubectl and kn."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from tests.manifests.conftest import render
from tests.manifests.reading import FUNCTIONS, ROOT, container, functions

DEPLOY = ROOT / "manifests/deploy"
KIND = ROOT / "manifests/overlays/kind"
EVENTS = ("put", "post", "copy", "completemultipartupload")
EXACT = [f"{name}-{event}" for name in ("ingest", "ingest-ceph") for event in EVENTS]
"""kn's Triggers, which filter by exact match."""


@pytest.fixture
def tools(tmp_path):
    """Put a program on the PATH: tools(name, script). $LOG is its log. Returns the environment."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def put(name, script):
        path = folder / name
        path.write_text(f"#!/bin/sh\nLOG={tmp_path}/{name}.log\n{script}\n")
        path.chmod(0o755)
        return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    return put


def run(script, *arguments, env=None):
    command = [sys.executable, DEPLOY / f"{script}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)


def test_func_writes_a_file_for_each_function(kind_file, tmp_path):
    done = run("func", kind_file, ROOT / "func.yaml", tmp_path / "func")

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "func").iterdir()) == FUNCTIONS
    for name, service in functions(render("kind")).items():
        function = yaml.safe_load((tmp_path / f"func/{name}/func.yaml").read_text())
        image = (tmp_path / f"func/{name}/image").read_text()
        given = {each.get("name"): each["value"] for each in function["run"]["envs"]}
        assert function["name"] == name
        assert given["FUNCTION_SOURCE"] == f"functions/{name}/main.py"
        assert function["image"] == image == container(service)["image"]
        paths = {volume["path"] for volume in function["run"]["volumes"]}
        assert paths == {mount["mountPath"] for mount in container(service)["volumeMounts"]}


def test_func_refers_to_secrets_and_configmaps(kind_file, tmp_path):
    run("func", kind_file, ROOT / "func.yaml", tmp_path / "func")
    function = yaml.safe_load((tmp_path / "func/bridge/func.yaml").read_text())
    values = [each["value"] for each in function["run"]["envs"]]

    [token] = [each for each in values if each.startswith("{{ secret:circles-bridge-")]
    assert "CIRCLES_BRIDGE_TOKEN" in token
    assert [each for each in values if each.startswith("{{ configMap:circles-")]
    label = {"key": "networking.knative.dev/visibility", "value": "cluster-local"}
    assert label in function["deploy"]["labels"]


LOG_KUBECTL = 'echo "kubectl $*" >> $LOG; case "$*" in *apply*) cat >> $LOG ;; esac\n'
NOTHING_EXISTS = LOG_KUBECTL + 'case "$*" in *" get "*) exit 1 ;; esac'
ALL_EXISTS = LOG_KUBECTL


def deploy_kn(tools, kind_file, folder, kubectl):
    """Run kn.py and return the kn commands that it ran."""
    tools("kubectl", kubectl)
    env = tools("kn", 'printf "%s\\n" "$*" >> $LOG')
    done = run("kn", kind_file, folder, env=env)
    assert done.returncode == 0, done.stderr
    return (folder / "kn.log").read_text().splitlines()


def test_kn_deploys_onto_an_empty_cluster(tools, kind_file, tmp_path):
    calls = deploy_kn(tools, kind_file, tmp_path, NOTHING_EXISTS)

    applied = [call.split()[2] for call in calls if call.startswith("service apply")]
    assert sorted(applied) == FUNCTIONS and applied[-1] == "bridge"
    for name in applied:
        assert yaml.safe_load((tmp_path / f"{name}.yaml").read_text())["metadata"]["name"] == name
    made = [" ".join(call.split()[:4]) for call in calls if " create " in call]
    assert made == [
        "broker create default --retry",
        "source binding create functions",
        *(f"trigger create {name} --filter" for name in EXACT),
        "source ping create repair",
    ]
    order = [" ".join(call.split()[:3]) for call in calls]
    assert order.index("source binding create") < order.index("service apply bridge")


def test_kubectl_applies_what_kn_cannot_express(tools, kind_file, tmp_path):
    deploy_kn(tools, kind_file, tmp_path, NOTHING_EXISTS)

    log = (tmp_path / "kubectl.log").read_text()
    text = log[log.index("\n", log.index("apply")) : log.index("\nkubectl", log.index("apply"))]
    applied = [each for each in yaml.safe_load_all(text) if each]
    kinds = {(each["kind"], each["apiVersion"].partition("/")[0]) for each in applied}
    assert {
        ("Namespace", "v1"),
        ("ConfigMap", "v1"),
        ("Secret", "v1"),
        ("PersistentVolumeClaim", "v1"),
        ("StatefulSet", "apps"),
        ("Deployment", "apps"),
        ("InferenceService", "serving.kserve.io"),
    } <= kinds
    assert not [kind for kind in kinds if kind[1].endswith("knative.dev")]


def test_kn_updates_what_exists_already(tools, kind_file, tmp_path):
    calls = deploy_kn(tools, kind_file, tmp_path, ALL_EXISTS)

    assert not [call for call in calls if " create " in call]
    updated = [call for call in calls if " update " in call]
    assert [call.split(" update ")[0] for call in updated] == [
        "broker",
        "source binding",
        "source ping",
    ]
    assert not any("--broker " in call for call in updated)  # kn cannot change it


def test_kn_leaves_the_trigger_of_make_deploy(tools, kind_file, tmp_path):
    kubectl = f'{LOG_KUBECTL}\ncase "$*" in *" ingest-"*) exit 1 ;; esac'

    calls = deploy_kn(tools, kind_file, tmp_path, kubectl)

    assert not [call for call in calls if call.startswith("trigger")]


def test_deploy_adds_no_trigger_beside_those_of_kn(tools, kind_file, tmp_path):
    done = run("apply", kind_file, env=tools("kubectl", ALL_EXISTS))

    assert done.returncode == 1
    assert "deliver each event twice" in done.stderr and "make undeploy" in done.stderr
    assert " apply " not in (tmp_path / "kubectl.log").read_text()


def test_kn_reports_the_command_that_failed(tools, kind_file, tmp_path):
    tools("kubectl", NOTHING_EXISTS)
    done = run("kn", kind_file, tmp_path, env=tools("kn", "exit 3"))

    assert done.returncode == 1
    assert "deploy-kn: kn service apply" in done.stderr and "ended with 3" in done.stderr


def test_kn_writes_what_wait_has_to_wait_for(tools, kind_file, tmp_path):
    deploy_kn(tools, kind_file, tmp_path, NOTHING_EXISTS)

    documents = [each for each in yaml.safe_load_all((tmp_path / "kn.yaml").read_text()) if each]
    triggers = [each["metadata"]["name"] for each in documents if each["kind"] == "Trigger"]
    assert triggers == EXACT
    assert len(documents) == len(render("kind")) + len(EXACT) - 1


def test_preflight_reports_an_absent_cluster(tools, kind_file):
    done = run("preflight", kind_file, KIND, env=tools("kubectl", "exit 1"))

    assert done.returncode == 1
    assert done.stderr == "preflight: the cluster does not answer: is KUBECONFIG right?\n"


LACKING_ALL = """
case "$*" in
  version) echo v1.34 ;;
  "get nodes"*) echo '{"items": [{"status": {"images": [{"names": ["dev.local/caddy:1"]}]}}]}' ;;
  *) exit 1 ;;
esac
"""


def test_preflight_reports_all_that_a_cluster_lacks(tools, tmp_path):
    path = tmp_path / "production.yaml"
    path.write_text(yaml.safe_dump_all(render("production")))
    overlay = ROOT / "manifests/overlays/production"
    done = run("preflight", path, overlay, env=tools("kubectl", LACKING_ALL))

    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert all(line.startswith("preflight: ") and line.endswith(".") for line in lines)
    for words in (
        "Knative Serving is not installed (no CRD services.serving.knative.dev)",
        "Knative Eventing is not installed (no CRD brokers.eventing.knative.dev)",
        "KServe is not installed (no CRD inferenceservices.serving.kserve.io)",
        "You may not create a persistentvolumeclaim in namespace circles",
        "The Secret circles-s3 is not in namespace circles",
        "The Secret circles-bridge is not in namespace circles",
        "Knative's flag kubernetes.podspec-affinity is not enabled",
        "Knative's flag kubernetes.podspec-persistent-volume-write is not enabled",
        "is a placeholder: put your image's digest into the overlay",
    ):
        assert [line for line in lines if words in line], (words, lines)
    assert len([line for line in lines if "circles-s3" in line]) == 1


def test_preflight_prints_nothing_if_all_is_present(tools, kind_file):
    documents = render("kind")
    kinds = {(each["kind"].lower(), each["apiVersion"].partition("/")[0]) for each in documents}
    prefix = "customresourcedefinition.apiextensions.k8s.io"
    crds = "\n".join(f"{prefix}/{kind}s.{group}" for kind, group in kinds)
    images = [part["image"] for each in documents for part in containers(each)]
    nodes = json.dumps({"items": [{"status": {"images": [{"names": images}]}}]})
    kubectl = f"""
case "$*" in
  "get crd"*) cat <<'END'
{crds}
END
  ;;
  "get nodes"*) echo '{nodes}' ;;
  *config-features*) echo '{{}}' ;;
  *) exit 0 ;;
esac
"""
    done = run("preflight", kind_file, KIND, env=tools("kubectl", kubectl))

    assert (done.returncode, done.stderr) == (0, "")


def containers(document):
    spec = document.get("spec", {})
    inner = spec.get("predictor") or spec.get("template", {}).get("spec", {})
    return inner.get("containers", [])


def test_apply_applies_bridge_after_the_binding(tools, kind_file, tmp_path):
    kubectl = f'{LOG_KUBECTL}\ncase "$*" in *" get "*) exit 1 ;; esac'
    done = run("apply", kind_file, env=tools("kubectl", kubectl))

    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "kubectl.log").read_text().split("kubectl ")
    first, waited, last = [call for call in calls if call.startswith("apply") or " wait " in call]
    applied = [yaml.safe_load_all(text.partition("\n")[2]) for text in (first, last)]
    names = [sorted(functions([each for each in part if each])) for part in applied]
    assert names == [[each for each in FUNCTIONS if each != "bridge"], ["bridge"]]
    assert "wait --for=condition=Ready" in waited
    assert "sinkbindings.sources.knative.dev/functions" in waited


def test_wait_reports_why_something_is_not_ready(tools, tmp_path):
    claim = {"metadata": {"name": "catalogue"}, "status": {"phase": "Pending"}}
    condition = {"type": "Ready", "status": "Unknown", "message": "waiting for a pod"}
    kubectl = f"""
case "$*" in
  *wait*) echo timed out >&2; exit 1 ;;
  *persistentvolumeclaims*) echo '{json.dumps({"items": [claim]})}' ;;
  *) echo '{json.dumps({"status": {"conditions": [condition]}})}' ;;
esac
"""
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump(functions(render("kind"))["list"]))
    done = run("wait", path, env=tools("kubectl", kubectl))

    assert done.returncode == 1
    assert done.stderr == (
        "service list is not Ready: the volume claim catalogue is Pending, not Bound;"
        " waiting for a pod\n"
    )


def test_gateway_url_tries_each_address(tools):
    service = {"spec": {"ports": [{"port": 80, "nodePort": 1}]}, "status": {"loadBalancer": {}}}
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    node = {"items": [{"status": {"addresses": addresses}}]}
    kubectl = f"""
case "$*" in
  *service*) echo '{json.dumps(service)}' ;;
  *nodes*) echo '{json.dumps(node)}' ;;
esac
"""
    done = run("gateway_url", "circles", env=tools("kubectl", kubectl))

    assert done.returncode == 1
    assert "cannot be reached from this machine (tried http://127.0.0.1:1" in done.stderr
