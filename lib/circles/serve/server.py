"""
A function served over HTTP: functions-framework makes the app, granian serves it from threads of this very process.

granian's own command starts a second process (fork or spawn), which costs memory and start-up for nothing where there
is one worker. bench/README.md has the figures beside gunicorn, waitress and cheroot.
"""

import os
import sys
import threading

from functions_framework import create_app
from granian.constants import HTTPModes, Interfaces
from granian.server.mt import MTServer

from circles.bootstrap import build
from circles.settings import Settings

GRACE_S = 25.0
"""How long requests in flight may take after SIGTERM; Kubernetes kills 30 s after it unless told otherwise."""


class _InProcess(MTServer):
    """granian's threaded server: its worker lives in this process. Meant for Python without a GIL, right with one."""

    def _check_gil(self) -> None:
        """The only reason for the check is speed: several workers would share the lock, but there is one."""

    def shutdown(self, exit_code: int = 0) -> None:
        """Let what is in flight finish, but a client that stopped sending cannot keep the process for ever."""
        last_resort = threading.Timer(GRACE_S, os._exit, (1,))
        last_resort.daemon = True
        last_resort.start()
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def serve(settings: Settings) -> None:
    """Load the function that settings name, serve it until SIGTERM or SIGINT, and end the process with 0."""
    app = create_app(settings.function_target, settings.function_source, "http")
    services = build(settings)  # the ones that the function's module has just been given
    server = _InProcess(
        target="app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=settings.threads,
        log_enabled=False,  # circles.web.routing writes a line per request
    )
    server.serve(target_loader=lambda: app, wrap_loader=False)
    services.finish(timeout_s=5.0)
    # granian's idle threads would meet an interpreter that is being torn down, and abort the process.
    sys.stdout.flush()
    os._exit(0)
