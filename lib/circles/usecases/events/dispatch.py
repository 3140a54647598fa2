"""Send the events that wait in the outbox to their sinks."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from circles.domain.errors import Rejected, Unavailable
from circles.domain.events import EventSink, QueuedEvent
from circles.domain.identifiers import new_id
from circles.domain.services import Services
from circles.telemetry.metrics import metrics

log = logging.getLogger("circles")


_BATCH = 50

_FAILURES_IN_A_ROW = 3
"""
After this many failures in a row, each about another image, a sink counts as unavailable.

A single failure may be caused by its event.
"""

_SLACK = timedelta(seconds=15)
"""Covers the catalogue's part of sending one event, and a slow process."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)


def dispatch_outbox(services: Services, *, until: datetime | None = None) -> int:
    """
    Send the due events to every sink, and return the number accepted.

    Events are sent at least once, and in order per image. One process at a time sends to one sink.
    An error of a sink puts its event off, and lays it aside after Rules.event_max_attempts. An
    event that the sink rejects is laid aside.

    Args:
        until: no event is sent after that moment.

    Raises:
        Unavailable: the catalogue is unavailable.
    """
    return sum(
        _Dispatch(name, sink, services, until).run() for name, sink in services.sinks.items()
    )


class _Dispatch:
    """Sends to one sink, under a lease that only this dispatch holds."""

    def __init__(
        self, name: str, sink: EventSink, services: Services, until: datetime | None
    ) -> None:
        self._name, self._sink, self._services, self._until = name, sink, services, until
        self._lease, self._holder = f"outbox {name}", new_id()
        self._renew_at = services.now()
        self._failures_in_a_row = 0

    def run(self) -> int:
        """
        Send until nothing is due.

        Another process cannot send its own new events while this one holds the lease. So this one
        looks once more after it has ended the lease.
        """
        sent = 0
        while self._due(limit=1) and self._may_go_on() and self._hold():
            try:
                sent += self._drain()
            finally:
                self._services.upkeep.end_lease(self._lease, self._holder)
        return sent

    def _drain(self) -> int:
        sent = 0
        while due := self._due(limit=_BATCH):
            for queued in due:
                if not self._may_go_on():
                    return sent
                if self._services.now() >= self._renew_at:
                    if not self._hold():
                        return sent
                    # The lease may have expired: do not repeat what another process has sent since.
                    break
                sent += self._send(queued)
        return sent

    def _due(self, limit: int) -> Sequence[QueuedEvent]:
        now = self._services.now()
        latest_due = now + 2 * _LONGEST_WAIT  # behind that, a clock that was ahead set it
        return self._services.outbox.due(self._name, now=now, latest_due=latest_due, limit=limit)

    def _may_go_on(self) -> bool:
        in_time = self._until is None or self._services.now() < self._until
        return in_time and self._failures_in_a_row < _FAILURES_IN_A_ROW

    def _hold(self) -> bool:
        """
        Take or renew the lease.

        It is long enough for an event whose sending starts just before the renewal.
        """
        now, sending = self._services.now(), self._services.rules.event_timeout + _SLACK
        self._renew_at = now + sending
        return self._services.upkeep.lease(
            self._lease, self._holder, now=now, until=now + 2 * sending
        )

    def _send(self, queued: QueuedEvent) -> bool:
        try:
            self._sink.send(queued.event)
        except Rejected as error:
            self._lay_aside(queued, str(error), "rejected")
            return False
        except Exception as error:  # no error of an adapter may hold up other events
            if not isinstance(error, Unavailable):
                log.exception("event %s could not be sent to %s", queued.event.event_id, self._name)
            self._put_off(queued, str(error))
            return False
        self._failures_in_a_row = 0
        self._services.outbox.sent(queued)
        metrics.event_handled("out", queued.event.type, "sent")
        return True

    def _put_off(self, queued: QueuedEvent, error: str) -> None:
        self._failures_in_a_row += 1
        if queued.attempts + 1 >= self._services.rules.event_max_attempts:
            self._lay_aside(queued, error, "given up")
            return
        wait = min(_FIRST_WAIT * 2**queued.attempts, _LONGEST_WAIT)
        self._services.outbox.put_off(queued, until=self._services.now() + wait, error=error)
        metrics.event_handled("out", queued.event.type, "put off")

    def _lay_aside(self, queued: QueuedEvent, error: str, outcome: str) -> None:
        self._services.outbox.lay_aside(queued, error=error)
        log.error("event %s for %s is laid aside: %s", queued.event.event_id, self._name, error)
        metrics.event_handled("out", queued.event.type, outcome)
