"""Answer one kind of request in one thread."""

import logging
import threading
from queue import SimpleQueue

from circles.serve.connections import Connection

log = logging.getLogger("circles")


class Lane:
    """One thread that answers requests in order."""

    def __init__(self, name: str) -> None:
        self._waiting: SimpleQueue[Connection | None] = SimpleQueue()
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    def add_task(self, channel: Connection) -> None:
        """Queue the connection's first request."""
        self._idle.clear()
        self._waiting.put(channel)

    def wait(self, timeout_s: float) -> None:
        """Wait until all requests are answered, at most timeout_s."""
        self._idle.wait(timeout_s)

    def stop(self) -> None:
        """End the thread after the queued requests."""
        self._waiting.put(None)

    def _serve(self) -> None:
        while channel := self._waiting.get():
            try:
                channel.service()
            except Exception:
                log.exception("a request could not be answered")
            if self._waiting.empty():
                self._idle.set()
