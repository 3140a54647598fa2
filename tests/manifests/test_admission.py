"""
What webhooks and Pod Security refuse although it fits the schemas.

Knative: knative/serving pkg/apis/serving/k8s_validation.go and v1/revision_validation.go.
KServe: kserve/kserve pkg/apis/serving/v1beta1/inference_service_validation.go and
pkg/validation/env_policy.go. Restricted: Kubernetes, "Pod Security Standards".
"""

import re

from tests.manifests.reading import (
    annotation,
    container,
    every_container,
    functions,
    of_kind,
    pod,
    pods,
    template,
)

RESERVED_VARIABLES = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
RESERVED_PATHS = {"/", "/dev", "/dev/log", "/tmp/knative-internal", "/var/log"}
NEVER_IN_A_POD = {
    "terminationGracePeriodSeconds",
    "restartPolicy",
    "nodeName",
    "hostname",
    "hostNetwork",
    "hostPID",
}


def test_function_pod_has_one_container_and_one_port(documents):
    for service in functions(documents).values():
        part = container(service)
        assert len(part["ports"]) == 1
        assert part["ports"][0].get("name", "http1") in ("http1", "h2c")
        assert "lifecycle" not in part
        assert not NEVER_IN_A_POD & set(pod(service))


def test_reserved_variables_and_paths_are_not_set(documents):
    for service in functions(documents).values():
        assert not RESERVED_VARIABLES & {each["name"] for each in container(service)["env"]}
        assert not RESERVED_PATHS & {
            mount["mountPath"] for mount in container(service)["volumeMounts"]
        }


def test_readiness_probe_sets_no_timing(documents):
    """Knative refuses other timing fields where periodSeconds is absent."""
    probed = [container(service) for service in functions(documents).values()]
    probed += of_kind(documents, "InferenceService", "serving.kserve.io")["circles"]["spec"][
        "predictor"
    ]["containers"]

    for part in probed:
        assert set(part["readinessProbe"]) == {"httpGet"}


def test_limits_are_within_knative_bounds(documents):
    for service in functions(documents).values():
        assert 0 < pod(service)["containerConcurrency"] <= 1000
        assert (
            35 < pod(service)["timeoutSeconds"] <= 600
        )  # below it a pod is killed while it drains
        assert int(annotation(service, "min-scale")) <= int(annotation(service, "max-scale"))
        assert float(annotation(service, "target")) >= 0.01


def test_scaling_and_visibility_are_set_where_read(documents):
    """Knative reads scaling from the revision and visibility from the Service."""
    for service in functions(documents).values():
        assert not [
            key for key in service["metadata"].get("annotations", {}) if "autoscaling" in key
        ]
        assert "networking.knative.dev/visibility" not in template(service)["metadata"].get(
            "labels", {}
        )


def test_autoscaling_window_is_whole_seconds(documents):
    for service in functions(documents).values():
        window = template(service)["metadata"]["annotations"].get(
            "autoscaling.knative.dev/window", "60s"
        )
        assert re.fullmatch(r"\d+s", window) and 6 <= int(window[:-1]) <= 3600


def test_volume_types_are_allowed_by_knative(documents):
    for service in functions(documents).values():
        for volume in pod(service)["volumes"]:
            assert set(volume) - {"name"} <= {
                "persistentVolumeClaim",
                "emptyDir",
                "configMap",
                "secret",
                "projected",
            }


def test_inference_service_is_valid_for_kserve(documents):
    [(name, service)] = of_kind(documents, "InferenceService", "serving.kserve.io").items()
    predictor = service["spec"]["predictor"]
    [part] = predictor["containers"]

    assert re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", name)
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Knative"
    assert service["metadata"]["labels"]["networking.knative.dev/visibility"] == "cluster-local"
    assert not [
        key
        for key in service["metadata"]["annotations"]
        if key.endswith(("min-scale", "max-scale"))
    ]
    assert part["name"] == "kserve-container"
    assert not {"PYTHONPATH", "PROTOCOL"} & {each["name"] for each in part["env"]}
    assert 0 == predictor["minReplicas"] < predictor["maxReplicas"]
    assert isinstance(predictor["timeout"], int) and predictor["timeout"] <= 600


def test_every_pod_is_restricted_and_read_only(documents):
    seen = 0
    for where, spec in pods(documents):
        of_pod = spec.get("securityContext", {})
        for part in every_container(spec):
            seen += 1
            own = {**of_pod, **part["securityContext"]}
            assert own["runAsNonRoot"] is True, where
            assert own["runAsUser"] >= 1000, where
            assert own["seccompProfile"] == {"type": "RuntimeDefault"}, where
            assert own["allowPrivilegeEscalation"] is False, where
            assert own["capabilities"] == {"drop": ["ALL"]}, where
            assert own["readOnlyRootFilesystem"] is True, where
        assert spec["enableServiceLinks"] is False, where
    assert seen >= 8


def test_namespace_enforces_the_restricted_profile(documents):
    [namespace] = of_kind(documents, "Namespace").values()

    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for each in documents:
        if each["kind"] != "Namespace":
            assert each["metadata"]["namespace"] == namespace["metadata"]["name"]


def test_home_and_tmp_are_an_empty_dir(documents):
    """The container's user can only write to mounted volumes."""
    for service in functions(documents).values():
        variables = {each["name"]: each.get("value") for each in container(service)["env"]}
        mounted = {
            mount["mountPath"]: mount["name"] for mount in container(service)["volumeMounts"]
        }
        volumes = {volume["name"]: volume for volume in pod(service)["volumes"]}
        assert variables["HOME"] == variables["TMPDIR"] == "/tmp"
        assert "emptyDir" in volumes[mounted["/tmp"]]
