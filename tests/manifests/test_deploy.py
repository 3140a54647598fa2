"""What the scripts of manifests/deploy make of the rendered manifests, with stand-ins for kubectl and kn."""

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


@pytest.fixture
def tools(tmp_path):
    """Put programs on the PATH: tools(name, script), with $LOG for what one remembers. Returns the environment."""
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


def test_every_function_gets_its_func_yaml(kind_file, tmp_path):
    done = run("func", kind_file, ROOT / "func.yaml", tmp_path / "func")

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "func").iterdir()) == FUNCTIONS
    for name, service in functions(render("kind")).items():
        function = yaml.safe_load((tmp_path / f"func/{name}/func.yaml").read_text())
        said = {each.get("name"): each["value"] for each in function["run"]["envs"]}
        assert function["name"] == name
        assert said["FUNCTION_SOURCE"] == f"functions/{name}/main.py"
        assert function["image"] == (tmp_path / f"func/{name}/image").read_text() == container(service)["image"]
        paths = {volume["path"] for volume in function["run"]["volumes"]}
        assert paths == {mount["mountPath"] for mount in container(service)["volumeMounts"]}


def test_func_yaml_refers_to_secrets_and_configmaps(kind_file, tmp_path):
    run("func", kind_file, ROOT / "func.yaml", tmp_path / "func")
    function = yaml.safe_load((tmp_path / "func/bridge/func.yaml").read_text())
    values = [each["value"] for each in function["run"]["envs"]]

    assert [each for each in values if each.startswith("{{ secret:circles-bridge-") and "CIRCLES_BRIDGE_TOKEN" in each]
    assert [each for each in values if each.startswith("{{ configMap:circles-")]
    assert {"key": "networking.knative.dev/visibility", "value": "cluster-local"} in function["deploy"]["labels"]


def kn_calls(tools, kind_file, tmp_path, kubectl):
    tools("kubectl", kubectl)
    env = tools("kn", 'printf "%s\\n" "$*" >> $LOG')
    done = run("kn", kind_file, tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    return (tmp_path / "kn.log").read_text().splitlines()


def test_kn_applies_functions_and_creates_the_rest(tools, kind_file, tmp_path):
    calls = kn_calls(tools, kind_file, tmp_path, "exit 1")

    applied = [call.split()[2] for call in calls if call.startswith("service apply")]
    assert sorted(applied) == FUNCTIONS
    for name in applied:
        assert yaml.safe_load((tmp_path / f"{name}.yaml").read_text())["metadata"]["name"] == name
    made = [" ".join(call.split()[:4]) for call in calls if " create " in call]
    assert made == [
        "broker create default --retry",
        "trigger create ingest-put --broker",
        "trigger create ingest-post --broker",
        "trigger create ingest-copy --broker",
        "trigger create ingest-completemultipartupload --broker",
        "source ping create repair",
        "source binding create functions",
    ]


def test_kn_keeps_existing_resources(tools, kind_file, tmp_path):
    calls = kn_calls(tools, kind_file, tmp_path, "exit 0")

    assert len(calls) == len(FUNCTIONS)
    assert all(call.startswith("service apply") for call in calls)


def test_kn_stops_at_the_first_failure(tools, kind_file, tmp_path):
    tools("kubectl", "exit 1")
    done = run("kn", kind_file, tmp_path, env=tools("kn", "exit 3"))

    assert done.returncode == 1
    assert "deploy-kn: kn service apply" in done.stderr and "ended with 3" in done.stderr


def test_preflight_reports_an_unreachable_cluster(tools, kind_file):
    done = run("preflight", kind_file, KIND, env=tools("kubectl", "exit 1"))

    assert done.returncode == 1
    assert done.stderr == "preflight: the cluster does not answer; is KUBECONFIG right?\n"


LACKING_ALL = """
case "$*" in
  version) echo v1.34 ;;
  "get nodes"*) echo '{"items": [{"status": {"images": [{"names": ["dev.local/caddy:1"]}]}}]}' ;;
  *) exit 1 ;;
esac
"""


def test_preflight_lists_everything_a_bare_cluster_lacks(tools, kind_file, tmp_path, monkeypatch):
    documents = [each for each in render("production")]
    path = tmp_path / "production.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    done = run("preflight", path, ROOT / "manifests/overlays/production", env=tools("kubectl", LACKING_ALL))

    said = done.stderr.splitlines()
    assert done.returncode == 1
    assert all(line.startswith("preflight: ") and line.endswith(".") for line in said)
    for words in (
        "Knative Serving is not installed (no CRD services.serving.knative.dev)",
        "Knative Eventing is not installed (no CRD brokers.eventing.knative.dev)",
        "KServe is not installed (no CRD inferenceservices.serving.kserve.io)",
        "You may not create a persistentvolumeclaim in namespace circles",
        "The Secret circles-s3 is not in namespace circles",
        "The Secret circles-bridge is not in namespace circles",
        "Knative's flag kubernetes.podspec-affinity is not enabled",
        "Knative's flag kubernetes.podspec-persistent-volume-write is not enabled",
        "is a placeholder: put the digest of yours into the overlay",
    ):
        assert [line for line in said if words in line], (words, said)
    assert len([line for line in said if "circles-s3" in line]) == 1


def test_preflight_is_silent_when_nothing_is_missing(tools, kind_file):
    documents = render("kind")
    kinds = {(each["kind"].lower(), each["apiVersion"].partition("/")[0]) for each in documents}
    crds = "\n".join(f"customresourcedefinition.apiextensions.k8s.io/{kind}s.{group}" for kind, group in kinds)
    images = [part["image"] for each in documents for part in parts(each)]
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


def parts(document):
    spec = document.get("spec", {})
    inner = spec.get("predictor") or spec.get("template", {}).get("spec", {})
    return inner.get("containers", [])


def test_bridge_is_applied_after_its_sink_binding(tools, kind_file, tmp_path):
    env = tools("kubectl", 'echo "@@@ $*" >> $LOG; case "$*" in *apply*) cat >> $LOG ;; esac')
    done = run("apply", kind_file, env=env)

    assert done.returncode == 0, done.stderr
    first, waited, last = (tmp_path / "kubectl.log").read_text().split("@@@ ")[1:]
    applied = [
        functions([each for each in yaml.safe_load_all(text.partition("\n")[2]) if each]) for text in (first, last)
    ]
    assert [sorted(each) for each in applied] == [[each for each in FUNCTIONS if each != "bridge"], ["bridge"]]
    assert "wait --for=condition=Ready" in waited and "sinkbindings.sources.knative.dev/functions" in waited


def test_wait_explains_what_is_not_ready(tools, tmp_path):
    claim = {"metadata": {"name": "catalogue"}, "status": {"phase": "Pending"}}
    service = {"status": {"conditions": [{"type": "Ready", "status": "Unknown", "message": "waiting for a pod"}]}}
    kubectl = f"""
case "$*" in
  *wait*) echo timed out >&2; exit 1 ;;
  *persistentvolumeclaims*) echo '{json.dumps({"items": [claim]})}' ;;
  *) echo '{json.dumps(service)}' ;;
esac
"""
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump(functions(render("kind"))["list"]))
    done = run("wait", path, env=tools("kubectl", kubectl))

    assert done.returncode == 1
    assert done.stderr == (
        "service list is not Ready: the volume claim catalogue is Pending, not Bound; waiting for a pod\n"
    )


def test_gateway_url_must_be_reachable(tools):
    service = {"spec": {"ports": [{"port": 80, "nodePort": 1}]}, "status": {"loadBalancer": {}}}
    node = {"items": [{"status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}}]}
    kubectl = f"""
case "$*" in
  *service*) echo '{json.dumps(service)}' ;;
  *nodes*) echo '{json.dumps(node)}' ;;
esac
"""
    done = run("gateway_url", "circles", env=tools("kubectl", kubectl))

    assert done.returncode == 1
    assert "cannot be reached from here (tried http://127.0.0.1:1" in done.stderr
