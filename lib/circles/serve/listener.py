"""Accept connections, and choose the thread for each request."""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from waitress import wasyncore
from waitress.server import TcpWSGIServer

from circles.serve.connections import Connection
from circles.serve.lanes import Lane
from circles.serve.requests import RequestParser, TakesBody

MAX_CONNECTIONS = 128
"""Another one closes one of them. 512 KiB of each body are in memory: 64 MiB at most."""

MAX_BODIES_BYTES = 256 * 1024 * 1024
"""Size of all bodies in the temporary folder, which has 512 MiB in the manifests."""

_UNSENT_BYTES = 4 * 1024 * 1024
"""
How much of a streamed response is written before its client has read it.

waitress keeps all of it in memory, read or not, until this much was written; with its own 16 MiB
every thread's heap grew by that.
"""

_LIVENESS = "/health/liveness"
_SLOW_PROBES = ("/health/", "/metrics")

TICK_S = 1.0
"""How often the deadlines are checked."""

_PAUSE_S = 0.02
_ACCEPTED_AT_ONCE = 32


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """
    waitress's server with a limit of connections and threads for probes.

    Workers receive complete requests. The loop's thread reads and sends, and does not block.
    """

    channel_class = Connection
    stopping = False

    def __init__(
        self,
        application: Any,
        *,
        takes_body: TakesBody,
        is_quick: Callable[[str, str], bool],
        **adjustments: Any,
    ) -> None:
        self._sockets: dict[int, Any] = {}
        self._next_look = 0.0
        self._is_quick = is_quick
        self.new_request = partial(RequestParser, takes_body=takes_body)
        super().__init__(
            application,
            map=self._sockets,
            ident=None,
            clear_untrusted_proxy_headers=False,  # nothing here reads them
            log_socket_errors=False,
            asyncore_use_poll=True,
            max_request_header_size=32 * 1024,
            outbuf_high_watermark=_UNSENT_BYTES,
            **adjustments,
        )
        # Liveness must not wait for readiness, which calls a store, nor either of them for workers
        self._at_once, self._slow_probes, self._quick = (
            Lane("at-once"),
            Lane("probes"),
            Lane("quick"),
        )

    def run(self, grace_s: float) -> None:
        """Serve until stop(), then finish the requests in flight within grace_s."""
        while not self.stopping:
            self._turn()
        self.del_channel(self._sockets)
        self.socket.close()
        deadline = time.monotonic() + grace_s
        while self.active_channels and time.monotonic() < deadline:
            self._turn()
            for channel in list(self.active_channels.values()):
                if not (channel.requests or channel.request or channel.writable()):
                    channel.handle_close()
        for channel in list(self.active_channels.values()):
            channel.handle_close()
        for lane in (self._at_once, self._slow_probes, self._quick):
            lane.stop()

    def stop(self) -> None:
        """End run(). A signal handler may call this."""
        self.stopping = True
        self.pull_trigger()

    def add_task(self, channel: Connection) -> None:
        """Queue a connection's first request for a thread."""
        request = channel.requests[0]
        if request.error or request.path == _LIVENESS:
            self._at_once.add_task(channel)
        elif request.path.startswith(_SLOW_PROBES):
            self._slow_probes.add_task(channel)
        elif self._is_quick(request.command, request.path):
            self._quick.add_task(channel)
        else:
            self.task_dispatcher.add_task(channel)

    def is_full(self) -> bool:
        """Return whether all bodies together are over their limit."""
        held_bytes: int = sum(each.held_bytes() for each in self.active_channels.values())
        return held_bytes > MAX_BODIES_BYTES

    def readable(self) -> bool:
        """Return whether to accept. waitress stops at its limit, this does not."""
        return bool(self.accepting)

    def handle_accept(self) -> None:
        """Accept connections. Over the limit, close the one with the earliest deadline."""
        for _ in range(_ACCEPTED_AT_ONCE):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                return
            if before >= MAX_CONNECTIONS:
                self._make_room()

    def maintenance(self, now: float) -> None:
        """End the connections after their deadline."""
        for channel in list(self.active_channels.values()):
            if _deadline(channel) <= now:
                channel.end()

    def _make_room(self) -> None:
        *_, newest = self.active_channels.values()
        first = min(self.active_channels.values(), key=_deadline)
        (first if _deadline(first) < math.inf else newest).handle_close()

    def _turn(self) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + TICK_S
            self.maintenance(now)
        # Two threads that compete for the GIL are slower than one (bench/README.md): reading more
        # requests would delay the answers to the quick ones.
        self._quick.wait(_PAUSE_S)
        wasyncore.loop(timeout=TICK_S, use_poll=True, map=self._sockets, count=1)


def _deadline(channel: Connection) -> float:
    deadline = channel.deadline()
    return math.inf if deadline is None else deadline
