"""What an object store tells goes on as CloudEvents."""

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
"""What the metrics call a store's record, which is no CloudEvent yet."""


def forward_notification(body: bytes, services: Services) -> int:
    """
    Pass on every record that tells of new content below Rules.incoming_prefix, and return how many there were.

    What was passed on before a fault is passed on again when the store repeats its notification, under the same ids.

    Raises:
        Malformed: body is no notification. A record that cannot be used keeps none of the others back.
        Unavailable: there is no sink, or it does not take them now: the store shall keep the notification.
    """
    sink = broker(services)
    events = [event for record in read_notification(body) if (event := _event(record, services))]
    return sum(_sent(event, sink) for event in events)


def broker(services: Services) -> EventSink:
    """Return the sink that K_SINK names. Raises Unavailable where it names none."""
    try:
        return services.sinks[BROKER]
    except KeyError as error:
        raise Unavailable("K_SINK is not set: there is nobody to pass events on to.") from error


def _event(record: Record, services: Services) -> OutgoingEvent | None:
    outcome = "refused"
    try:
        event = _creation(record, services)
        outcome = "done" if event else "ignored"
        return event
    except Malformed as error:
        log.warning("a record of a notification is left out: %s", error)
        return None
    except Exception:  # a 500 would make the store repeat it forever and keep the records behind it
        log.exception("a record of a notification is left out")
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
        log.error("event %s about %r is left out: %s", event.event_id, event.subject, error)
    finally:
        metrics.event_handled("out", event.type, outcome)
    return outcome == "sent"
