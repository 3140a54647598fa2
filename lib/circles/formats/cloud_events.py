"""Read CloudEvents 1.0 strictly, and write them in binary and structured mode."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits, punctuation
from typing import Any
from urllib.parse import quote, unquote

from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent, from_http

from circles.domain.errors import Malformed
from circles.domain.events import OutgoingEvent
from circles.formats.fields import clean_text, format_time

_UNESCAPED = (ascii_letters + digits + punctuation).translate({ord('"'): None, ord("%"): None})
"""Characters that a header holds unescaped (CloudEvents HTTP binding 1.0.2, 3.1.3.2)."""

Extensions = Iterable[tuple[str, str]]
"""Names and values of attributes that the platform adds to every event (K_CE_OVERRIDES)."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """
    A received event.

    traceparent: not checked.
    data: parsed JSON, or the body's bytes or text if it is not JSON, or None.
    dead_letter: status and address of the broker's last try of a dead letter, else None
        (knativeerrorcode, knativeerrordest: knative/eventing pkg/kncloudevents/attributes).
    """

    event_id: str
    type: str
    source: str
    traceparent: str | None
    data: Any
    dead_letter: str | None = None


def read_event(headers: Mapping[str, str], body: bytes) -> IncomingEvent:
    """
    Read an event in binary or structured mode.

    Raises:
        Malformed: it is not a CloudEvent of version 1.0, or its id, type or source is missing,
            empty or not text.
    """
    try:
        attributes = from_http(headers, body)
    except (
        Exception
    ) as error:  # its own errors, and those of its parser: TypeError, RecursionError …
        raise Malformed("The request is not a CloudEvent.") from error
    escaped = any(name.lower() == "ce-specversion" for name in headers)
    version, event_id, kind, source, parent = (
        _read_text(attributes.get(name), escaped)
        for name in ("specversion", "id", "type", "source", "traceparent")
    )
    if not (version == "1.0" and event_id and kind and source):
        raise Malformed("A CloudEvent needs specversion 1.0, an id, a type and a source.")
    dead_letter = _read_dead_letter(attributes)
    return IncomingEvent(event_id, kind, source, parent, attributes.data, dead_letter)


def _read_dead_letter(attributes: CloudEvent) -> str | None:
    code, where = (attributes.get(f"knativeerror{what}") for what in ("code", "dest"))
    return clean_text(f"{code} from {where}", 300) if code or where else None


def to_binary_message(
    event: OutgoingEvent, extensions: Extensions = ()
) -> tuple[dict[str, str], bytes]:
    """Return headers and body in binary mode: attributes as headers, data as the body."""
    headers, body = to_binary(_to_cloud_event(event, extensions))
    content_type = {"content-type": headers.pop("content-type")}
    escaped = {name: quote(value, safe=_UNESCAPED) for name, value in headers.items()}
    return {**content_type, **escaped}, body


def to_structured_message(
    event: OutgoingEvent, extensions: Extensions = ()
) -> tuple[dict[str, str], bytes]:
    """Return headers and body in structured mode: one JSON document."""
    headers, body = to_structured(_to_cloud_event(event, extensions))
    return dict(headers), body


def _to_cloud_event(event: OutgoingEvent, extensions: Extensions) -> CloudEvent:
    attributes = {
        "id": event.event_id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": format_time(event.time),
        "datacontenttype": "application/json",
        **({"traceparent": event.traceparent} if event.traceparent else {}),
        **dict(extensions),
    }
    return CloudEvent(attributes, event.data)


def _read_text(value: Any, escaped: bool) -> str | None:
    """Return an attribute's text. Invalid escapes stay, because some senders do not escape."""
    if not isinstance(value, str):
        return None
    return unquote(value) if escaped else value
