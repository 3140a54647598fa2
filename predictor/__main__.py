"""
Start the predictor: python -m predictor.

The variables PREDICTOR_* set it up (settings.py). The port opens when the model is ready.
"""

import logging
import os
import signal
import socket
import sys

import uvicorn

from predictor.detector import Detector
from predictor.inference.pipeline import Inference
from predictor.server.app import create_app
from predictor.settings import Settings, SettingsError

log = logging.getLogger("predictor")
KEEP_ALIVE_S = 65
"""The value of the KServe Python server: clients close idle connections earlier than that."""


class _Server(uvicorn.Server):
    """Logs its address as soon as it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or []:
            host, port = each.getsockname()[:2]
            log.info("ready on http://%s:%d", host, port)


def main() -> None:
    """Serve until SIGTERM or SIGINT. Then finish the requests in progress and exit with 0."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S"
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises the signal again at its end
    settings = _read_settings()
    inference = Inference(load_detector(), settings)
    inference.warm_up()
    log.info(
        "model %s, version %s, %d requests in parallel",
        settings.model_name,
        inference.detector.version,
        settings.concurrency,
    )
    config = uvicorn.Config(
        create_app(inference, settings),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.drain_timeout_s),
    )
    _Server(config).run([_bind(settings)])


def load_detector() -> Detector:
    """Load the detector. Its libraries are imported here to keep this module cheap to import."""
    from predictor.network.detector import NetworkDetector

    return NetworkDetector()


def _read_settings() -> Settings:
    try:
        return Settings.from_env(os.environ)
    except SettingsError as error:
        sys.exit(str(error))


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        sys.exit(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.")
    return bound


if __name__ == "__main__":
    main()
