"""Broker, Trigger, sources and notification agree with the functions."""

import ast
import re
import shutil

import pytest

from tests.manifests.conftest import OVERLAYS, render, rendered
from tests.manifests.reading import ROOT, container, functions, of_kind, pod, settings

DELIVERY = {"retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink"}
SENDERS = {"upload", "bridge", "ingest", "repair"}


def eventing(documents, kind):
    return of_kind(documents, kind, "eventing.knative.dev") or of_kind(
        documents, kind, "sources.knative.dev"
    )


def test_only_client_functions_are_public(documents):
    private = {
        name
        for name, service in functions(documents).items()
        if service["metadata"].get("labels", {}).get("networking.knative.dev/visibility")
        == "cluster-local"
    }

    everywhere = {"bridge", "ingest", "repair"}
    assert private in (everywhere, set(functions(documents)))


def test_sink_binding_selects_the_senders_only(documents):
    [binding] = eventing(documents, "SinkBinding").values()
    wanted = binding["spec"]["subject"]["selector"]["matchLabels"].items()

    chosen = {
        name
        for name, service in functions(documents).items()
        if wanted <= service["metadata"].get("labels", {}).items()
    }

    assert chosen == SENDERS
    assert binding["spec"]["sink"]["ref"]["name"] in eventing(documents, "Broker")


def test_broker_and_triggers_have_full_delivery_settings(documents):
    blocks = [*eventing(documents, "Broker").values(), *eventing(documents, "Trigger").values()]

    assert len(blocks) >= 2
    for each in blocks:
        assert DELIVERY <= set(each["spec"]["delivery"])
        assert each["spec"]["delivery"]["deadLetterSink"]["ref"]["name"] in functions(documents)


def test_triggers_and_sources_refer_to_real_targets(documents):
    for trigger in eventing(documents, "Trigger").values():
        assert trigger["spec"]["subscriber"]["ref"]["name"] in functions(documents)
        assert trigger["spec"]["broker"] in eventing(documents, "Broker")
    for source in eventing(documents, "PingSource").values():
        assert source["spec"]["sink"]["ref"]["name"] == "repair"


def test_broker_waits_longer_than_ingest_may_take(documents):
    seconds = int(
        re.fullmatch(
            r"PT(\d+)S", eventing(documents, "Trigger")["ingest"]["spec"]["delivery"]["timeout"]
        )[1]
    )

    assert seconds > pod(functions(documents)["ingest"])["timeoutSeconds"]


def test_minio_notifies_the_bridge_with_its_token():
    documents = render("kind")
    variables = {
        each["name"]: each
        for each in container(of_kind(documents, "StatefulSet", "apps")["minio"])["env"]
    }
    token = variables["MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_BRIDGE"]["valueFrom"]["secretKeyRef"]
    bridge = {each["name"]: each for each in container(functions(documents)["bridge"])["env"]}

    assert variables["MINIO_NOTIFY_WEBHOOK_ENABLE_BRIDGE"]["value"] == "on"
    assert (
        variables["MINIO_NOTIFY_WEBHOOK_ENDPOINT_BRIDGE"]["value"]
        == "http://bridge.$(NAMESPACE).svc.cluster.local/"
    )
    assert variables["MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_BRIDGE"]["value"].startswith("/data/")
    assert bridge["CIRCLES_BRIDGE_TOKEN"]["valueFrom"]["secretKeyRef"] == token


def test_bucket_notifies_about_objects_but_not_tags():
    script = (ROOT / "manifests/overlays/kind/make_bucket.py").read_text()
    [created] = [
        ast.unparse(node.value)
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "CREATED"
    ]

    assert "*" not in created and "Tagging" not in created
    assert "PrefixFilterRule(settings.incoming_prefix)" in script


def test_trigger_filters_by_the_incoming_prefix(documents):
    filters = eventing(documents, "Trigger")["ingest"]["spec"]["filters"]

    assert {"prefix": {"subject": settings(documents)["CIRCLES_INCOMING_PREFIX"]}} in filters
    types = ("com.amazonaws.s3.ObjectCreated:", "com.amazonaws.ObjectCreated:")  # the bridge, Ceph
    assert {"any": [{"prefix": {"type": each}} for each in types]} in filters


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_trigger_follows_the_incoming_prefix_of_an_overlay(overlay, tmp_path):
    for folder in ("manifests", "console"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / "manifests/overlays" / overlay / "kustomization.yaml"
    text = path.read_text()
    path.write_text(
        text.replace("literals:\n", "literals:\n      - CIRCLES_INCOMING_PREFIX=drop/\n", 1)
    )

    documents = rendered(path.parent)

    assert settings(documents)["CIRCLES_INCOMING_PREFIX"] == "drop/"
    filters = eventing(documents, "Trigger")["ingest"]["spec"]["filters"]
    assert {"prefix": {"subject": "drop/"}} in filters
