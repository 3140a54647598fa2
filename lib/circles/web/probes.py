"""What every function answers beside its own routes: probes, metrics, the contract."""

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
    """Return handlers by route; knative/func hard-codes the paths of the probes."""
    return {
        "GET /health/liveness": lambda _: Response('{"status":"alive"}', content_type=_JSON),
        "GET /health/readiness": _readiness(ready),
        "GET /metrics": _metrics,
        "GET /openapi.json": lambda _: Response(contract(), content_type=_JSON),
    }


def _readiness(ready: Callable[[], None]) -> Probe:
    """A probe comes every 50 ms while a pod starts: the log is told of changes only."""
    told: str | None = None

    def answer(_: Request) -> Response:
        nonlocal told
        try:
            ready()
        except CirclesError as error:
            fault = f"not ready: {error} ({error.__cause__})"
            if fault != told:
                log.error(fault)
            told = fault
            raise
        if told:
            log.info("ready again")
        told = None
        return Response('{"status":"ready"}', content_type=_JSON)

    return answer


def _metrics(request: Request) -> Response:
    """What Prometheus asks a process itself for, past the gateway."""
    body, content_type = metrics.exposition(request.headers.get("Accept", ""))
    return Response(body, content_type=content_type)
