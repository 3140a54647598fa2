"""Test components/event-senders: who sends events to ingest and repair, and how it is deployed."""

import pytest
import yaml

from circles.settings import Settings
from tests.manifests.conftest import render
from tests.manifests.reading import ROOT, of_kind, pods, settings
from tests.manifests.test_deploy import (  # noqa: F401
    LACKING_ALL,
    NOTHING_EXISTS,
    deploy_kn,
    run,
    tools,
)

PRODUCTION = ROOT / "manifests/overlays/production"
KINDS = ("Broker", "PingSource", "Trigger")


@pytest.fixture
def production_file(tmp_path):
    path = tmp_path / "production.yaml"
    path.write_text(yaml.safe_dump_all(render("production")))
    return path


def destinations(value):
    """Yield what Eventing sends events to."""
    if isinstance(value, dict):
        if "ref" in value:
            yield value
        for each in value.values():
            yield from destinations(each)


def senders(documents):
    eventing = ("eventing.knative.dev", "sources.knative.dev")
    return [
        each
        for kind in KINDS
        for group in eventing
        for each in of_kind(documents, kind, group).values()
    ]


def test_every_function_for_events_is_sent_tokens():
    documents = render("production")
    audience = settings(documents)["CIRCLES_EVENTS_AUDIENCE"]
    sent = [each for document in senders(documents) for each in destinations(document["spec"])]

    assert {each["ref"]["name"] for each in sent} == {"ingest", "repair"}
    assert {each["audience"] for each in sent} == {audience}


def test_only_functions_for_events_have_a_token_of_their_own(documents):
    is_on = "CIRCLES_EVENTS_AUDIENCE" in settings(documents)
    given = {where: spec.get("automountServiceAccountToken") for where, spec in pods(documents)}
    mounted = {where for where, value in given.items() if value is not False}

    assert mounted == ({"Service ingest", "Service repair"} if is_on else set())
    assert True not in given.values()  # Serving refuses it: left out means the same


def test_defaults_are_what_kubernetes_mounts():
    known = Settings()

    assert str(known.service_account_dir) == "/var/run/secrets/kubernetes.io/serviceaccount"
    assert known.kubernetes_url == "https://kubernetes.default.svc"
    assert str(known.sink_token_file) == "/oidc/token"  # knative/eventing, sinkbinding_lifecycle.go


@pytest.mark.parametrize(("state", "lacks"), [("enabled", False), ("disabled", True), (None, True)])
def test_preflight_asks_for_the_flag(tools, production_file, state, lacks):  # noqa: F811
    data = f'"authentication-oidc": "{state}"' if state else ""
    answer = (
        f"""*knative-eventing*config-features*) echo '{{"data": {{{data}}}}}' ;;\n  *) exit 1"""
    )
    kubectl = LACKING_ALL.replace("*) exit 1", answer)
    done = run("preflight", production_file, PRODUCTION, env=tools("kubectl", kubectl))

    assert ("flag authentication-oidc is not enabled" in done.stderr) == lacks


def test_kubectl_applies_what_asks_for_identity(tools, production_file, tmp_path):  # noqa: F811
    calls = deploy_kn(tools, production_file, tmp_path, NOTHING_EXISTS)

    made = {" ".join(call.split()[:2]) for call in calls}
    log = (tmp_path / "kubectl.log").read_text()
    assert made == {"service apply", "source binding"}
    for kind in KINDS:
        assert log.count(f"\nkind: {kind}\n") == 1
    assert log.index("\nkind: ConfigMap\n") < log.index("\nkind: Trigger\n")
    waited = [each for each in yaml.safe_load_all((tmp_path / "kn.yaml").read_text()) if each]
    assert [each["metadata"]["name"] for each in waited if each["kind"] == "Trigger"] == ["ingest"]


def test_kn_does_not_double_its_own_triggers(tools, production_file, tmp_path):  # noqa: F811
    tools("kubectl", "exit 0")
    done = run("kn", production_file, tmp_path, env=tools("kn", "exit 0"))

    assert done.returncode == 1
    assert "deliver each event twice" in done.stderr
