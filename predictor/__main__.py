"""Start the predictor: python -m predictor, set by PREDICTOR_* (settings.py). The port opens when all is warm."""

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
"""As the KServe Python server: clients retire idle connections before."""


class _Server(uvicorn.Server):
    """Says where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or []:
            host, port = each.getsockname()[:2]
            log.info("ready on http://%s:%d", host, port)


def main() -> None:
    """Run until SIGTERM or SIGINT; what is under way is finished then, and the exit status is 0."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises the signal again after it has drained
    settings = _settings()
    inference = Inference(load(), settings)
    inference.warm_up()
    log.info("model %s is %s, %d at once", settings.model_name, inference.detector.version, settings.concurrency)
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


def load() -> Detector:
    """Load the detector; what it needs is imported here, so that a start pays for one and not for all."""
    from predictor.network.detector import NetworkDetector

    return NetworkDetector()


def _settings() -> Settings:
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
