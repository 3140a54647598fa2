"""Forward an object store's notifications as CloudEvents."""

import logging

from circles.domain.errors import Malformed, Rejected, Unavailable
from circles.domain.events import BROKER, EventSink, OutgoingEvent
from circles.domain.services import Services
from circles.formats.s3_notifications import (
    CREATIONS,
    Record,
    read_event_name,
    read_notice,
    read_notification,
    to_event,
)
from circles.telemetry import trace
from circles.telemetry.metrics import metrics

log = logging.getLogger("circles")

NOTIFICATION = "notification"
"""The event type under which metrics count a store's records."""


def forward_notification(body: bytes, services: Services) -> int:
    """
    Forward the records of new content under Rules.incoming_prefix; return their number.

    When the store repeats a notification, its records are forwarded again with the same ids.
    A record that cannot be used does not hold up the others.

    Raises:
        Malformed: body is not a notification.
        Unavailable: there is no sink, or it is unavailable; the store must keep the notification.
    """
    sink = broker(services)
    events = [event for record in read_notification(body) if (event := _event(record, services))]
    return sum(_sent(event, sink) for event in events)


def broker(services: Services) -> EventSink:
    """Return the sink that K_SINK names. Raises Unavailable when it is not set."""
    try:
        return services.sinks[BROKER]
    except KeyError as error:
        raise Unavailable("K_SINK is not set, so events cannot be forwarded.") from error


def _event(record: Record, services: Services) -> OutgoingEvent | None:
    outcome = "refused"
    try:
        event = _creation(record, services)
        outcome = "done" if event else "ignored"
        return event
    except Malformed as error:
        log.warning("a record of a notification is skipped: %s", error)
        return None
    except Exception:  # a 500 would make the store repeat it forever and keep the records behind it
        log.exception("a record of a notification is skipped")
        return None
    finally:
        metrics.event_handled("in", NOTIFICATION, outcome)


def _creation(record: Record, services: Services) -> OutgoingEvent | None:
    if read_event_name(record) not in CREATIONS:
        return None
    notice = read_notice(record)
    is_folder = notice.key.endswith("/")  # as consoles make them: an object without content
    if is_folder or not notice.key.startswith(services.rules.incoming_prefix):
        return None
    return to_event(record, notice, now=services.now(), traceparent=trace.traceparent.get())


def _sent(event: OutgoingEvent, sink: EventSink) -> bool:
    outcome = "put off"
    try:
        sink.send(event)
        outcome = "sent"
    except Rejected as error:
        outcome = "rejected"
        log.error(
            "event %s about %r was rejected by the broker: %s", event.event_id, event.subject, error
        )
    finally:
        metrics.event_handled("out", event.type, outcome)
    return outcome == "sent"
