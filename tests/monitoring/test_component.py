"""Test the component on top of an overlay, and that its ports and names are those of base/."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.manifests.conftest import KUBECTL, OVERLAYS, ROOT
from tests.manifests.reading import functions, of_kind
from tests.monitoring.discovery import COMPONENT


@pytest.fixture(scope="module", params=OVERLAYS)
def documents(request, tmp_path_factory):
    """Return every document of an overlay with the component."""
    if KUBECTL is None:
        pytest.skip("kubectl is missing: make test installs it")
    folder = tmp_path_factory.mktemp("overlay")
    paths = (ROOT / "manifests/overlays" / request.param, COMPONENT)
    overlay, component = (os.path.relpath(path, folder.resolve()) for path in paths)
    kustomization = {"namespace": "elsewhere", "resources": [overlay], "components": [component]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    rendered = subprocess.run(
        [KUBECTL, "kustomize", folder], capture_output=True, text=True, check=True
    ).stdout
    return [document for document in yaml.safe_load_all(rendered) if document]


def pod(documents, name):
    return of_kind(documents, "Deployment", "apps")[name]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_pod_is_restricted_and_read_only(documents, name):
    spec = pod(documents, name)
    [container] = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_image_is_pinned_to_a_version(documents, name):
    [container] = pod(documents, name)["containers"]

    assert re.fullmatch(r"docker\.io/[\w/]+:v?\d+\.\d+\.\d+", container["image"])


def test_prometheus_may_only_read_pods(documents):
    [role] = [
        each
        for name, each in of_kind(documents, "Role", "rbac.authorization.k8s.io").items()
        if name == "prometheus"
    ]
    binding = of_kind(documents, "RoleBinding", "rbac.authorization.k8s.io")["prometheus"]

    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    ]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "prometheus", "namespace": "elsewhere"}
    ]
    assert pod(documents, "prometheus")["serviceAccountName"] == "prometheus"
    assert pod(documents, "grafana")["automountServiceAccountToken"] is False


def test_mounted_config_files_exist(documents):
    maps = {name: each["data"] for name, each in of_kind(documents, "ConfigMap").items()}
    for name in ("prometheus", "grafana"):
        spec = pod(documents, name)
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        for mount in spec["containers"][0]["volumeMounts"]:
            if "configMap" in volumes[mount["name"]]:
                data = maps[volumes[mount["name"]]["configMap"]["name"]]
                assert "subPath" not in mount or mount["subPath"] in data
    assert {"prometheus.yml", "rules.yml"} == set(
        maps[pod(documents, "prometheus")["volumes"][0]["configMap"]["name"]]
    )


def test_grafana_needs_no_password_and_is_provisioned(documents):
    [container] = pod(documents, "grafana")["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    provider = yaml.safe_load((COMPONENT / "grafana/dashboards.yml").read_text())["providers"][0]
    [source] = yaml.safe_load((COMPONENT / "grafana/datasources.yml").read_text())["datasources"]

    assert env["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert env["GF_AUTH_ANONYMOUS_ENABLED"] == "true"
    assert env["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert not [name for name in env if "PASSWORD" in name]
    assert provider["options"]["path"] in mounted
    home = provider["options"]["path"] + "/circles.json"
    assert env["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == home
    assert source["url"] == "http://prometheus:9090"
    assert of_kind(documents, "Service")["prometheus"]["spec"]["ports"][0]["port"] == 9090


def test_scraped_ports_exist_and_are_open(documents):
    [gateway] = pod(documents, "gateway")["containers"]
    policies = of_kind(documents, "NetworkPolicy", "networking.k8s.io")
    [policy] = policies["metrics"]["spec"]["ingress"]
    programs = {
        port["containerPort"]
        for service in functions(documents).values()
        for port in service["spec"]["template"]["spec"]["containers"][0]["ports"]
    }
    caddyfile = (ROOT / "manifests/local/Caddyfile").read_text()

    assert {port["name"]: port["containerPort"] for port in gateway["ports"]}["metrics"] == 8090
    assert "GATEWAY_METRICS_PORT:8090" in caddyfile
    assert programs == {8080}
    assert {port["port"] for port in policy["ports"]} == {8080, 8090, 9091}
    assert policy["from"] == [{"podSelector": {"matchLabels": pod_labels(documents, "prometheus")}}]


def pod_labels(documents, name):
    return of_kind(documents, "Deployment", "apps")[name]["spec"]["template"]["metadata"]["labels"]


def test_component_includes_no_operator_resources():
    kustomization = yaml.safe_load((COMPONENT / "kustomization.yaml").read_text())

    assert kustomization["kind"] == "Component"
    assert not [each for each in kustomization["resources"] if Path(each).parts[0] == "operator"]
