"""Read the queries of the dashboard and the rules, and the metrics that they need."""

import json
import re
from dataclasses import dataclass

import promql_parser
import yaml

from tests.monitoring.discovery import COMPONENT

DASHBOARD = json.loads((COMPONENT / "grafana/circles.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((COMPONENT / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"$__range": "10m", "$function": ".*"}
"""Values for the variables of Grafana."""


@dataclass(frozen=True)
class Query:
    """An expression, its place, and the labels of its legend."""

    where: str
    expression: str
    legend: frozenset[str] = frozenset()

    def __str__(self):
        return self.where


def fill_in(expression):
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    unquoted = re.sub(r'"[^"]*"', "", expression)
    assert "$" not in unquoted, f"an unknown variable: {expression}"
    return expression


def _read_legend(target):
    return frozenset(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))


OF_PANELS = [
    Query(f"{panel['title']}, {target['refId']}", fill_in(target["expr"]), _read_legend(target))
    for panel in PANELS
    for target in panel.get("targets", [])
]
OF_RULES = [Query(rule.get("alert") or rule["record"], rule["expr"]) for rule in RULES]
OTHERS = [
    Query(f"annotation {each['name']}", each["expr"]) for each in DASHBOARD["annotations"]["list"]
]
ALL = [*OF_PANELS, *OF_RULES, *OTHERS]


def metrics_of(expression):
    """
    Return the names of the metrics that an expression needs, as regular expressions.

    A selector of circles:count5m also needs the counter in its label `metric`.
    """
    return set(_needed(promql_parser.parse(expression)))


def _needed(node):
    if isinstance(node, promql_parser.VectorSelector):
        if node.name:
            yield re.escape(node.name)
        for matcher in node.matchers.matchers:
            if matcher.name in ("__name__", "metric"):
                is_regex = matcher.op == promql_parser.MatchOp.Re
                yield matcher.value if is_regex else re.escape(matcher.value)
    for child in _children(node):
        yield from _needed(child)


def _children(node):
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if (child := getattr(node, name, None)) is not None:
            yield child
    yield from getattr(node, "args", [])
