"""Test the configuration with promtool, and the targets that it finds in a cluster."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.monitoring import discovery
from tests.monitoring.discovery import COMPONENT
from tests.monitoring.queries import ALL, DASHBOARD, PANELS, RULES
from tests.monitoring.server import Prometheus

HERE = Path(__file__).parent
PODS = json.loads((HERE / "pods.json").read_text())["items"]
"""Pods of a real cluster with Knative 1.23 and KServe 0.20, reduced to what discovery reads."""


def test_rules_pass_promtool_check(promtool):
    subprocess.run([promtool, "check", "rules", COMPONENT / "rules.yml"], check=True)


def test_rules_pass_their_promtool_tests(promtool):
    subprocess.run([promtool, "test", "rules", HERE / "rules_test.yml"], check=True)


def test_configuration_passes_promtool_check(promtool, tmp_path):
    subprocess.run(
        [promtool, "check", "config", discovery.write(tmp_path, lambda _: PODS)], check=True
    )


def test_every_alert_has_a_test():
    tests = yaml.safe_load((HERE / "rules_test.yml").read_text())["tests"]
    fired = {
        each["alertname"]
        for test in tests
        for each in test.get("alert_rule_test", [])
        if each.get("exp_alerts")
    }

    assert fired == {rule["alert"] for rule in RULES if "alert" in rule}


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "alert" in rule], ids=lambda rule: rule["alert"]
)
def test_alert_has_severity_and_description(rule):
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert len(rule["annotations"]["description"]) > 80


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_has_a_description_and_a_unit(panel):
    assert len(panel["description"]) > 25
    assert panel["type"] in ("table", "alertlist") or panel["fieldConfig"]["defaults"]["unit"]
    assert panel["type"] == "alertlist" or all("expr" in target for target in panel["targets"])


def test_panels_have_unique_ids_and_places():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    taken = [
        (x, y)
        for at in places
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) == 23
    assert len(ALL) > 40


def selected(pods, selector):
    """Return the pods of a label selector, with only the syntax that the configuration uses."""

    def holds(labels, term):
        name, _, value = term.partition("=")
        if value:
            return labels.get(name) == value
        return name[1:] not in labels if name.startswith("!") else name in labels

    return [
        pod
        for pod in pods
        if all(holds(pod["metadata"]["labels"], term) for term in selector.split(","))
    ]


@pytest.fixture(scope="module")
def targets(prometheus, tmp_path_factory):
    """Return the targets that Prometheus finds for these pods, by job and pod: URL and labels."""
    folder = tmp_path_factory.mktemp("discovery")
    configuration = discovery.write(folder, lambda selector: selected(PODS, selector))
    unreachable = yaml.safe_load(configuration.read_text())
    for job in unreachable["scrape_configs"]:
        job["proxy_url"] = "http://127.0.0.1:9"  # so that these addresses are not requested
    configuration.write_text(yaml.safe_dump(unreachable))
    server = Prometheus(prometheus, configuration, folder)
    try:
        server.wait_for(server.is_up, "Prometheus")
        found = server.wait_for(server.targets, "targets")
    finally:
        server.stop()
    return {(each["labels"]["job"], each["labels"]["instance"]): each for each in found}


def test_each_function_is_scraped_on_its_own_port(targets):
    for pod in PODS:
        labels, name = pod["metadata"]["labels"], pod["metadata"]["name"]
        function = labels.get("serving.knative.dev/service")
        if not function:
            continue
        job = "predictor" if "serving.kserve.io/inferenceservice" in labels else "functions"
        target, queue = targets[job, name], targets["queue-proxy", name]
        assert target["scrapeUrl"] == f"http://{pod['status']['podIP']}:8080/metrics"
        assert queue["scrapeUrl"] == f"http://{pod['status']['podIP']}:9091/metrics"
        assert target["labels"]["function"] == queue["labels"]["function"] == function
        assert target["labels"]["revision"] == labels["serving.knative.dev/revision"]


def test_gateway_is_scraped_on_its_metrics_port(targets):
    [(_, pod)] = [key for key in targets if key[0] == "gateway"]

    assert targets["gateway", pod]["scrapeUrl"].endswith(":8090/metrics")


def test_nothing_else_is_scraped(targets):
    functions = [pod for pod in PODS if "serving.knative.dev/service" in pod["metadata"]["labels"]]

    assert len(functions) >= 4
    assert len(targets) == 2 * len(functions) + 1
    unscraped = {pod["metadata"]["name"] for pod in PODS} - {pod for _, pod in targets}
    assert unscraped, "PODS must have a pod that is not scraped"


def test_pod_monitors_match_the_scrape_configuration():
    text = (COMPONENT / "operator/podmonitors.yaml").read_text()
    monitors = {each["metadata"]["name"]: each["spec"] for each in yaml.safe_load_all(text)}
    jobs = {
        job["job_name"]: job
        for job in yaml.safe_load(discovery.CONFIGURATION.read_text())["scrape_configs"]
    }

    assert set(monitors) == set(jobs)
    for name, job in jobs.items():
        [endpoint] = monitors[name]["podMetricsEndpoints"]
        [keep] = [each["regex"] for each in job["relabel_configs"] if each.get("action") == "keep"]
        given = {
            each["target_label"]: each["source_labels"]
            for each in job["relabel_configs"]
            if "target_label" in each
        }
        monitored = {
            each["targetLabel"]: each.get("sourceLabels") for each in endpoint["relabelings"]
        }
        assert endpoint["port"] == keep
        assert monitored == given | {"job": None}
        assert endpoint.get("honorLabels", False) == job.get("honor_labels", False)
        [selector] = [each["label"] for each in job["kubernetes_sd_configs"][0]["selectors"]]
        assert terms(monitors[name]["selector"]) == set(selector.split(","))


def terms(selector):
    """Return the terms of a PodMonitor's selector as a label selector writes them."""
    operators = {"Exists": "", "DoesNotExist": "!"}
    found = {
        operators[each["operator"]] + each["key"] for each in selector.get("matchExpressions", [])
    }
    return found | {f"{name}={value}" for name, value in selector.get("matchLabels", {}).items()}
