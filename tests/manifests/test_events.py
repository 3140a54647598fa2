"""Broker, Trigger, sources and the object store's notification fit together, and with the functions they call."""

import ast
import re

from tests.manifests.conftest import render
from tests.manifests.reading import ROOT, container, functions, of_kind, pod

DELIVERY = {"retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink"}
SENDERS = {"upload", "bridge", "ingest", "repair"}


def eventing(documents, kind):
    return of_kind(documents, kind, "eventing.knative.dev") or of_kind(documents, kind, "sources.knative.dev")


def test_only_the_functions_that_answer_clients_are_public(documents):
    private = {
        name
        for name, service in functions(documents).items()
        if service["metadata"].get("labels", {}).get("networking.knative.dev/visibility") == "cluster-local"
    }

    assert private == {"bridge", "ingest", "repair"}


def test_each_sender_and_nobody_else_is_told_where_to(documents):
    [binding] = eventing(documents, "SinkBinding").values()
    wanted = binding["spec"]["subject"]["selector"]["matchLabels"].items()

    chosen = {
        name
        for name, service in functions(documents).items()
        if wanted <= service["metadata"].get("labels", {}).items()
    }

    assert chosen == SENDERS
    assert binding["spec"]["sink"]["ref"]["name"] in eventing(documents, "Broker")


def test_broker_and_each_trigger_have_a_whole_delivery_block_of_their_own(documents):
    blocks = [*eventing(documents, "Broker").values(), *eventing(documents, "Trigger").values()]

    assert len(blocks) >= 2
    for each in blocks:
        assert DELIVERY <= set(each["spec"]["delivery"])
        assert each["spec"]["delivery"]["deadLetterSink"]["ref"]["name"] in functions(documents)


def test_whatever_calls_a_function_calls_one_that_is_there(documents):
    for trigger in eventing(documents, "Trigger").values():
        assert trigger["spec"]["subscriber"]["ref"]["name"] in functions(documents)
        assert trigger["spec"]["broker"] in eventing(documents, "Broker")
    for source in eventing(documents, "PingSource").values():
        assert source["spec"]["sink"]["ref"]["name"] == "repair"


def test_the_broker_waits_longer_for_ingest_than_ingest_may_take(documents):
    seconds = int(re.fullmatch(r"PT(\d+)S", eventing(documents, "Trigger")["ingest"]["spec"]["delivery"]["timeout"])[1])

    assert seconds > pod(functions(documents)["ingest"])["timeoutSeconds"]


def test_minio_posts_to_the_bridge_with_its_token_and_keeps_what_it_cannot_post():
    documents = render("kind")
    variables = {each["name"]: each for each in container(of_kind(documents, "StatefulSet", "apps")["minio"])["env"]}
    token = variables["MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_BRIDGE"]["valueFrom"]["secretKeyRef"]
    bridge = {each["name"]: each for each in container(functions(documents)["bridge"])["env"]}

    assert variables["MINIO_NOTIFY_WEBHOOK_ENABLE_BRIDGE"]["value"] == "on"
    assert variables["MINIO_NOTIFY_WEBHOOK_ENDPOINT_BRIDGE"]["value"] == "http://bridge.$(NAMESPACE).svc.cluster.local/"
    assert variables["MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_BRIDGE"]["value"].startswith("/data/")
    assert bridge["CIRCLES_BRIDGE_TOKEN"]["valueFrom"]["secretKeyRef"] == token


def test_the_bucket_tells_of_new_objects_and_never_of_tags():
    script = (ROOT / "manifests/overlays/kind/make_bucket.py").read_text()
    [created] = [
        ast.unparse(node.value)
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "CREATED"
    ]

    assert "*" not in created and "Tagging" not in created
    assert 'PrefixFilterRule("incoming/")' in script


def test_the_trigger_lets_pass_what_lies_under_the_prefix_that_the_bucket_tells_of(documents):
    filters = eventing(documents, "Trigger")["ingest"]["spec"]["filters"]

    assert {"prefix": {"subject": "incoming/"}} in filters
    assert {"prefix": {"type": "com.amazonaws.s3.ObjectCreated:"}} in filters
