"""
Lets a predictor that is scaled to zero begin to start, before this process itself can serve.

Standard library only: it runs before anything else of ours is imported, because each millisecond that the predictor
begins earlier is one that the first upload waits less (bench/README.md).
"""

import http.client
import logging
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from circles.adapters.kserve_wire import PROTOCOLS
from circles.settings import Settings

log = logging.getLogger("circles.detector")


def wake(settings: Settings) -> None:
    """
    Ask whether the model is ready, wait at most predictor_timeout_s for an answer, and raise nothing if none comes.

    A GET is enough: Knative's activator holds it until a pod is ready (knative/serving cmd/activator/main.go).
    """
    url = urlsplit(settings.predictor_url)
    path = url.path + PROTOCOLS[settings.predictor_protocol].ready_path.format(model=settings.predictor_model)
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connect(url.hostname or "", url.port, timeout=settings.predictor_timeout_s)

    def give_up() -> None:
        """The timeout counts the silence between two packets only, and an answer's head may drip."""
        with suppress(AttributeError, OSError):  # it has just ended by itself
            connection.sock.shutdown(socket.SHUT_RDWR)

    patience = threading.Timer(settings.predictor_timeout_s, give_up)
    patience.daemon = True
    try:
        connection.connect()
        patience.start()
        connection.request("GET", path)
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        log.info("model %s cannot be woken", settings.predictor_model)
    finally:
        patience.cancel()
        connection.close()
