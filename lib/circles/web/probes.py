"""Answer the routes of every function: probes, metrics, the contract."""

import logging
from collections.abc import Callable

from flask import Request, Response

from circles.domain.errors import CirclesError
from circles.telemetry.metrics import metrics
from circles.web.contract import contract

log = logging.getLogger("circles.requests")

Probe = Callable[[Request], Response]

_JSON = "application/json"


def common_handlers(ready: Callable[[], None]) -> dict[str, Probe]:
    """Return the handlers by route. knative/func hard-codes the probes' paths."""
    return {
        "GET /health/liveness": lambda _: Response('{"status":"alive"}', content_type=_JSON),
        "GET /health/readiness": _readiness(ready),
        "GET /metrics": _metrics,
        "GET /openapi.json": lambda _: Response(contract(), content_type=_JSON),
    }


def _readiness(ready: Callable[[], None]) -> Probe:
    """Return a handler that logs changes only: a starting pod is probed every 50 ms."""
    logged: str | None = None

    def answer(_: Request) -> Response:
        nonlocal logged
        try:
            ready()
        except CirclesError as error:
            fault = f"not ready: {error} ({error.__cause__})"
            if fault != logged:
                log.error(fault)
            logged = fault
            raise
        if logged:
            log.info("ready again")
        logged = None
        return Response('{"status":"ready"}', content_type=_JSON)

    return answer


def _metrics(request: Request) -> Response:
    """Answer Prometheus, which requests the pod itself and not the gateway."""
    body, content_type = metrics.exposition(request.headers.get("Accept", ""))
    return Response(body, content_type=content_type)
