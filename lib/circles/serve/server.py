"""Serve one function: functions-framework loads it, waitress serves it."""

import logging
import signal

from functions_framework import create_app

from circles.bootstrap import build
from circles.serve.listener import Listener
from circles.settings import Settings

GRACE_S = 25.0
"""How long requests in flight may take after SIGTERM. Kubernetes kills after 30 s."""


def serve(settings: Settings) -> None:
    """Load a function and serve it until SIGTERM or SIGINT."""
    app = create_app(settings.function_target, settings.function_source, "http")
    services = build(settings)  # those of the function's module
    router = app.wsgi_app  # see web.routing.routes
    _share_logging()
    listener = Listener(
        router,
        takes_body=router.takes_body,
        is_quick=router.is_quick,
        max_request_body_size=router.max_body_bytes + 1,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: listener.stop())
    listener.run(GRACE_S)
    services.finish(timeout_s=5.0)


def _share_logging() -> None:
    """Write waitress's log to ours, without a line for each queued request."""
    waitress = logging.getLogger("waitress")
    waitress.handlers = logging.getLogger("circles").handlers
    waitress.propagate = False
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
