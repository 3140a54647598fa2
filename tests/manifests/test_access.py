"""Test who reaches what in a cluster, as the manifests say."""

import ipaddress

from circles.settings import Settings
from tests.manifests.conftest import render
from tests.manifests.reading import functions, of_kind, settings

POLICIES = "networking.k8s.io"


def policies(documents):
    found = of_kind(documents, "NetworkPolicy", POLICIES)
    return {name: each["spec"] for name, each in found.items()}


def selects(spec, labels):
    """Return whether a policy selects pods with these labels."""
    selector = spec["podSelector"]
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for each in selector.get("matchExpressions", []):
        value = labels.get(each["key"])
        if value is None or (each["operator"] == "In" and value not in each["values"]):
            return False
    return True


def names(documents):
    """Return the labels that policies know a document's pods by."""
    serving = {"serving.knative.dev/service": "circles-predictor"}
    return [
        *({"serving.knative.dev/service": name} for name in functions(documents)),
        serving,
        {"app": "gateway"},
        {"app": "first-token"},
    ]


def test_every_pod_has_rules_for_both_directions(documents):
    for labels in names(documents):
        kinds = {
            kind
            for spec in policies(documents).values()
            if selects(spec, labels)
            for kind in spec["policyTypes"]
        }
        assert kinds == {"Ingress", "Egress"}, labels


def test_queue_proxies_are_reached_from_named_namespaces(documents):
    [rule] = policies(documents)["knative"]["ingress"]
    [source] = rule["from"]
    [wanted] = source["namespaceSelector"]["matchExpressions"]

    assert wanted["key"] == "kubernetes.io/metadata.name"
    assert {"knative-serving", "knative-eventing"} <= set(wanted["values"])
    assert 8080 not in {port["port"] for port in rule["ports"]}


def test_no_function_reaches_the_metadata_service(documents):
    metadata = [ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")]
    for spec in policies(documents).values():
        blocks = [
            target["ipBlock"]
            for rule in spec.get("egress", [])
            for target in rule.get("to", [])
            if "ipBlock" in target
        ]
        for block in blocks:
            for address in metadata:
                network = ipaddress.ip_network(block["cidr"])
                left_out = map(ipaddress.ip_network, block.get("except", []))
                inside = address.version == network.version and address in network
                assert not inside or any(
                    address in each for each in left_out if each.version == address.version
                )


def test_predictor_list_and_job_call_nobody(documents):
    serving = "serving.knative.dev/service"
    for labels in ({serving: "circles-predictor"}, {serving: "list"}, {"app": "first-token"}):
        rules = [
            spec.get("egress", [])
            for spec in policies(documents).values()
            if selects(spec, labels) and "Egress" in spec["policyTypes"]
        ]
        assert rules == [[]], labels


def test_production_has_private_routes_and_named_hosts():
    documents = render("production")
    visibility = "networking.knative.dev/visibility"
    for name, service in functions(documents).items():
        assert service["metadata"]["labels"][visibility] == "cluster-local", name
    [ingress] = of_kind(documents, "Ingress", POLICIES).values()
    hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
    known = Settings.from_env(
        {**settings(documents), "CIRCLES_S3_ACCESS_KEY": "a", "CIRCLES_S3_SECRET_KEY": "b"}
    )

    assert hosts <= set(known.hosts)
    assert known.uploads_per_minute and known.detections_per_minute


def test_every_overlay_asks_for_tokens(documents):
    assert settings(documents)["CIRCLES_ACCESS"] == "tokens"
