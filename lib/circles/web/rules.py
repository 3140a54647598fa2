"""Rules of routing: which handler answers a method and a path, and what it needs."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from flask import Response
from werkzeug.exceptions import MethodNotAllowed, NotFound

Handler = Callable[..., Response]
"""Takes the request and, by name, the valid ids of its path."""


class Rule(NamedTuple):
    """A route, its handler, and the scope that a request needs."""

    methods: frozenset[str]
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    quick: bool
    scope: str

    @classmethod
    def read(cls, line: str, handler: Handler, quick: bool, scope: str) -> "Rule":
        """Return the rule for "METHOD /path/<id>". A slash at the end is optional."""
        method, _, path = line.partition(" ")
        pattern = re.sub(r"<(\w+)>", r"(?P<\1>[^/\\n]+)", path.rstrip("/"))
        methods = {method, "HEAD"} if method == "GET" else {method}
        return cls(frozenset(methods), path, re.compile(pattern + "/?"), handler, quick, scope)


def match_rule(rules: Sequence[Rule], method: str, path: str) -> tuple[Rule, Mapping[str, str]]:
    """Return a rule and the path's ids. Raises NotFound and MethodNotAllowed."""
    allowed: set[str] = set()
    for rule in rules:
        if found := rule.pattern.fullmatch(path):
            if method in rule.methods:
                return rule, found.groupdict()
            allowed |= rule.methods
    raise MethodNotAllowed(list(allowed)) if allowed else NotFound
