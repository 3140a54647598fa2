"""Manifests, settings, functions, Makefile, func.yaml and README agree."""

import re
from dataclasses import fields

import pytest
import yaml

from circles.settings import Settings
from circles.settings.environment import variable_of
from tests.manifests.conftest import OVERLAYS, render
from tests.manifests.reading import (
    FUNCTIONS,
    ROOT,
    annotation,
    container,
    every_container,
    functions,
    of_kind,
    pod,
    pods,
    settings,
    template,
)

DEPLOY_MK = (ROOT / "manifests/deploy/deploy.mk").read_text()
DEPLOY_MD = (ROOT / "docs/deploy.md").read_text()
CADDYFILE = (ROOT / "manifests/local/Caddyfile").read_text()


def container_of_gateway(documents):
    """Return the gateway's container."""
    [part] = of_kind(documents, "Deployment", "apps")["gateway"]["spec"]["template"]["spec"][
        "containers"
    ]
    return part


def environment(part):
    """Return the values of a container's own variables."""
    return {each["name"]: each.get("value") for each in part["env"]}


def env(part):
    """Return the names of a container's own variables."""
    return {each["name"] for each in part["env"]}


def test_every_function_has_a_service(documents):
    assert sorted(functions(documents)) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_service_starts_its_function_target(documents, function):
    variables = {
        each["name"]: each.get("value") for each in container(functions(documents)[function])["env"]
    }
    source = ROOT / variables["FUNCTION_SOURCE"]

    assert source == ROOT / f"functions/{function}/main.py"
    assert re.search(
        rf"^@functions_framework\.\w+\ndef {variables['FUNCTION_TARGET']}\(",
        source.read_text(),
        re.M,
    )


def test_every_variable_is_a_known_setting(documents):
    elsewhere = {"HOME", "TMPDIR"}
    named = set(settings(documents)) | set().union(
        *(env(container(each)) for each in functions(documents).values())
    )
    for name, secret in of_kind(documents, "Secret").items():
        named |= set(secret["data"]) if name.startswith("circles-") else set()

    assert named - elsewhere - {variable_of(field) for field in fields(Settings)} == set()
    assert len(named) > 8


def test_cluster_settings_are_valid(documents):
    secrets = {"CIRCLES_S3_ACCESS_KEY": "somebody", "CIRCLES_S3_SECRET_KEY": "something"}
    known = Settings.from_env({**settings(documents), **secrets})

    assert known.store == "s3"
    assert known.s3_endpoint != next(
        field.default for field in fields(Settings) if field.name == "s3_endpoint"
    )


def test_container_port_is_the_default_port(documents):
    for service in functions(documents).values():
        assert [port["containerPort"] for port in container(service)["ports"]] == [Settings().port]


def test_probe_paths_are_served_by_every_function(documents):
    for service in functions(documents).values():
        assert container(service)["readinessProbe"]["httpGet"]["path"] == "/health/readiness"
        assert container(service)["livenessProbe"]["httpGet"]["path"] == "/health/liveness"


def test_concurrency_equals_the_thread_count(documents):
    threads = int(settings(documents)["CIRCLES_THREADS"])

    for service in functions(documents).values():
        assert pod(service)["containerConcurrency"] == threads
        assert annotation(service, "target") == str(threads)


def test_list_has_one_thread_in_the_cluster_and_locally(documents):
    [procfile] = re.findall(r"^list: (.*)", (ROOT / "manifests/local/Procfile").read_text(), re.M)

    assert environment(container(functions(documents)["list"]))["CIRCLES_THREADS"] == "1"
    assert "CIRCLES_THREADS=1" in procfile.split()


def test_inner_timeout_is_the_shorter_one(documents):
    predictor = of_kind(documents, "InferenceService", "serving.kserve.io")["circles"]["spec"][
        "predictor"
    ]["timeout"]
    deadline = float(settings(documents)["CIRCLES_PREDICTOR_TIMEOUT_S"])

    for service in functions(documents).values():
        assert predictor < deadline < pod(service)["timeoutSeconds"]


def test_repair_ends_within_its_request_timeout(documents):
    """Work may begin just before the budget ends."""
    known = {name: float(text) for name, text in settings(documents).items() if name.endswith("_S")}

    last_s = max(known["CIRCLES_PREDICTOR_TIMEOUT_S"], known["CIRCLES_SINK_TIMEOUT_S"])
    longest_s = known["CIRCLES_REPAIR_BUDGET_S"] + last_s
    assert longest_s < pod(functions(documents)["repair"])["timeoutSeconds"]


def test_every_function_has_limits(documents):
    for service in functions(documents).values():
        assert annotation(service, "min-scale") == "0"
        assert 0 < int(annotation(service, "max-scale")) <= 10
        assert container(service)["resources"]["limits"]["memory"]


def test_predictor_url_is_the_kserve_address(documents):
    [(name, service)] = of_kind(documents, "InferenceService", "serving.kserve.io").items()
    namespace = service["metadata"]["namespace"]

    assert (
        settings(documents)["CIRCLES_PREDICTOR_URL"]
        == f"http://{name}-predictor.{namespace}.svc.cluster.local"
    )
    assert name == settings(documents).get("CIRCLES_PREDICTOR_MODEL", Settings().predictor_model)


def test_gateway_gets_every_address_of_its_caddyfile(documents):
    gateway = container(of_kind(documents, "Deployment", "apps")["gateway"])
    addresses = {
        each["name"]: each["value"] for each in gateway["env"] if each["name"].endswith("_ADDRESS")
    }

    assert set(addresses) == set(re.findall(r"\{\$(\w+_ADDRESS)", CADDYFILE))
    for name, address in addresses.items():
        function = name.removesuffix("_ADDRESS").lower()
        assert function in functions(documents)
        assert address == f"{function}.$(NAMESPACE).svc.cluster.local:80"


def test_gateway_uses_the_caddyfile_of_make_run(documents):
    [found] = [
        each for name, each in of_kind(documents, "ConfigMap").items() if name.startswith("gateway")
    ]

    assert found["data"] == {"Caddyfile": CADDYFILE}


def references(value, key):
    """Return each name under a key such as secretRef."""
    if isinstance(value, list):
        return set().union(*(references(each, key) for each in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    here = (
        {value[key]["name"]} if isinstance(value.get(key), dict) and "name" in value[key] else set()
    )
    return here.union(*(references(each, key) for each in value.values()))


@pytest.mark.parametrize(
    "key, kind",
    [
        ("configMapRef", "ConfigMap"),
        ("secretRef", "Secret"),
        ("secretKeyRef", "Secret"),
        ("configMap", "ConfigMap"),
    ],
)
def test_referenced_names_exist_with_their_hash(key, kind):
    documents = render("kind")

    named = references(documents, key)

    assert named
    assert named <= set(of_kind(documents, kind))
    assert all(re.search(r"-[a-z0-9]{10}$", name) for name in named)


def test_mounted_volume_claims_exist(documents):
    claims = of_kind(documents, "PersistentVolumeClaim")

    for where, spec in pods(documents):
        for volume in spec.get("volumes", []):
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims, where
    assert claims["catalogue"]["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_only_the_bridge_does_not_mount_the_catalogue(documents):
    for name, service in functions(documents).items():
        mounts = {mount["name"]: mount for mount in container(service)["volumeMounts"]}
        assert ("catalogue" in mounts) == (name != "bridge")
        assert ("securityContext" in pod(service)) == (name != "bridge")
        assert not any(mount.get("readOnly") for mount in mounts.values())


def test_only_functions_that_use_the_store_get_its_keys(documents):
    for name, service in functions(documents).items():
        whole = references(container(service)["envFrom"], "secretRef")
        has_keys = any(secret.startswith("circles-s3") for secret in whole)
        assert has_keys == (name in ("upload", "detail", "export", "ingest", "repair"))


def test_makefile_lists_every_function():
    [named] = re.findall(r"^FUNCTIONS := (.*)$", DEPLOY_MK, re.M)

    assert sorted(named.split()) == FUNCTIONS


def test_programs_started_by_make_targets_exist():
    named = set(re.findall(r"\b(?:manifests|tests)/[\w/]+\.(?:py|sh)\b", DEPLOY_MK))

    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_func_yaml_matches_the_upload_service():
    function = yaml.safe_load((ROOT / "func.yaml").read_text())
    service = functions(render("kind"))["upload"]
    said = {each["name"]: each["value"] for each in function["run"]["envs"] if "name" in each}

    assert function["name"] == "upload"
    for each in container(service)["env"]:
        assert said[each["name"]] == each["value"]
    sources = [each["value"] for each in function["run"]["envs"] if "name" not in each]
    wanted = {name for each in container(functions(render("production"))["upload"])["envFrom"]
              for name in (source["name"] for source in each.values())}  # fmt: skip
    assert len(sources) == len(wanted)
    for name in wanted:  # a ConfigMap's name ends in a hash
        assert [each for each in sources if name.startswith(each.split(":")[1].split()[0])], name
    assert (
        function["deploy"]["options"]["resources"]["limits"]["concurrency"]
        == pod(service)["containerConcurrency"]
    )
    assert function["deploy"]["healthEndpoints"] == {
        "liveness": container(service)["livenessProbe"]["httpGet"]["path"],
        "readiness": container(service)["readinessProbe"]["httpGet"]["path"],
    }


def test_deploy_guide_names_the_knative_flags():
    [flags] = [
        yaml.safe_load((ROOT / "manifests/overlays/kind/knative-features.yaml").read_text())["data"]
    ]

    for flag in flags:
        assert flag.removeprefix("kubernetes.podspec-") in DEPLOY_MD


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_the_kind_overlay_has_a_password(overlay):
    secrets = of_kind(render(overlay), "Secret")

    assert bool(secrets) == (overlay == "kind")


def test_image_has_a_specific_tag_or_a_digest(documents):
    for where, spec in pods(documents):
        for part in every_container(spec):
            tag = part["image"].rpartition("/")[2].partition(":")[2]
            assert tag and tag != "latest", (where, part["image"])


def test_production_pins_images_by_digest_and_uses_tls():
    documents = render("production")

    for where, spec in pods(documents):
        for part in every_container(spec):
            assert re.search(r"@sha256:[0-9a-f]{64}$", part["image"]), where
    assert settings(documents)["CIRCLES_S3_ENDPOINT"].startswith("https://")
    [ingress] = of_kind(documents, "Ingress", "networking.k8s.io").values()
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"] for rule in ingress["spec"]["rules"]]


def test_production_ingress_accepts_what_the_gateway_accepts():
    [ingress] = of_kind(render("production"), "Ingress", "networking.k8s.io").values()
    size = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    [limit] = {int(text) for text in re.findall(r"GATEWAY_MAX_BODY_BYTES:(\d+)", CADDYFILE)}

    assert limit <= int(size.removesuffix("m")) * 1024 * 1024 <= 2 * limit


def test_production_gateway_survives_a_node_drain():
    documents = render("production")
    gateway = of_kind(documents, "Deployment", "apps")["gateway"]["spec"]
    labels = gateway["template"]["metadata"]["labels"].items()
    [budget] = of_kind(documents, "PodDisruptionBudget", "policy").values()
    [spread] = gateway["template"]["spec"]["topologySpreadConstraints"]

    assert budget["spec"]["minAvailable"] < gateway["replicas"]
    for selector in (budget["spec"]["selector"], spread["labelSelector"]):
        assert selector["matchLabels"].items() <= labels
    assert spread["topologyKey"] == "kubernetes.io/hostname"


def test_gateway_memory_fits_its_buffers(documents):
    part = container_of_gateway(documents)
    [size] = re.findall(r"request_buffers (\d+)KiB", CADDYFILE)
    [count] = re.findall(r"GATEWAY_MAX_OPEN_BODIES:(\d+)", CADDYFILE)
    limit_mib = int(part["resources"]["limits"]["memory"].removesuffix("Mi"))
    soft_mib = int(environment(part)["GOMEMLIMIT"].removesuffix("MiB"))

    assert 2 * int(count) * int(size) / 1024 <= soft_mib / 2
    assert 0.8 * limit_mib <= soft_mib < limit_mib


def test_production_keeps_catalogue_pods_on_one_node():
    for name, service in functions(render("production")).items():
        labels = template(service)["metadata"].get("labels", {})
        affinity = pod(service).get("affinity")
        if name == "bridge":
            assert affinity is None
            continue
        [term] = affinity["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        assert term["labelSelector"]["matchLabels"].items() <= labels.items()


def test_comments_mark_what_a_second_node_changes():
    text = (ROOT / "manifests/overlays/production/kustomization.yaml").read_text()

    for changed in ("podAffinity", "max-scale", "PersistentVolumeClaim"):
        before = text[: text.index(changed + ":" if changed == "podAffinity" else changed)]
        assert "A second node" in before[-700:]
