"""Describe a request while it is answered."""

import time
from dataclasses import dataclass, field
from uuid import uuid4

from flask import Request

RECEIVED_AT = "circles.received_at"
"""Key of a WSGI environment: when the request was there with its body (time.monotonic())."""
_PROBES = ("/health/", "/metrics")
"""Routes that are requested every few seconds: logged at DEBUG only, and not counted."""


@dataclass(slots=True)
class Exchange:
    """
    A request with its id.

    route is a rule such as /images/<image_id>, because a client's path must not label a metric.
    refusal is the code of the problem that answers it.
    """

    request: Request
    request_id: str
    route: str = "none"
    refusal: str | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def is_probe(self) -> bool:
        """Return whether the route is a probe."""
        return self.route.startswith(_PROBES)


def begin_exchange(request: Request) -> Exchange:
    """Return a new exchange. It has the client's id if that is short and printable."""
    given = request.environ.get("HTTP_X_REQUEST_ID", "")
    harmless = 0 < len(given) <= 128 and given.isascii() and given.isprintable()
    harmless = harmless and not given.startswith(("crc_", "crs_"))  # a token is not repeated
    return Exchange(request, given if harmless else str(uuid4()))
