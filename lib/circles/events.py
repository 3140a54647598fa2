"""CloudEvents 1.0 spoken once: strict reading of what HTTP brings, and the two forms in which ours go out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from string import ascii_letters, digits, punctuation
from typing import Any
from urllib.parse import quote, unquote

from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent, from_http

from circles.errors import Malformed
from circles.ports import OutgoingEvent

_UNESCAPED = (ascii_letters + digits + punctuation).translate({ord('"'): None, ord("%"): None})
"""What stands for itself in a header (CloudEvents HTTP binding 1.0.2, section 3.1.3.2)."""

Extensions = Iterable[tuple[str, str]]
"""Names and values of attributes that a platform adds to every event (K_CE_OVERRIDES)."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """What came. data is parsed JSON, or the body's bytes where it is none, or None."""

    event_id: str
    type: str
    source: str
    subject: str | None
    data: Any


def read_event(headers: Mapping[str, str], body: bytes) -> IncomingEvent:
    """
    Read an event in binary or structured mode.

    Raises:
        Malformed: it is no CloudEvent of version 1.0, or an attribute that must have text has none.
    """
    try:
        event = from_http(headers, body)  # type: ignore[arg-type] # any mapping will do
    except Exception as error:  # the library's own kinds, and whatever its parsing stumbles over: TypeError, RecursionError …
        raise Malformed("This is no CloudEvent.") from error
    binary = any(name.lower() == "ce-specversion" for name in headers.keys())
    attributes = {name: _unescaped(value) if binary else value for name, value in event.get_attributes().items()}
    texts = [attributes.get(name) for name in ("specversion", "id", "type", "source")]
    subject = attributes.get("subject")
    if texts[0] != "1.0" or not all(isinstance(text, str) and text for text in texts):
        raise Malformed("A CloudEvent has specversion 1.0, and id, type and source with text.")
    if not isinstance(subject, str | None):
        raise Malformed("A CloudEvent's subject is text.")
    return IncomingEvent(attributes["id"], attributes["type"], attributes["source"], subject, event.data)


def binary_message(event: OutgoingEvent, extensions: Extensions = ()) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an event in binary mode: attributes as headers, data as the body."""
    headers, body = to_binary(_cloud_event(event, extensions))
    return {name: quote(value, safe=_UNESCAPED) if name != "content-type" else value for name, value in headers.items()}, body


def structured_message(event: OutgoingEvent, extensions: Extensions = ()) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an event in structured mode: one JSON document."""
    headers, body = to_structured(_cloud_event(event, extensions))
    return dict(headers), body


def _cloud_event(event: OutgoingEvent, extensions: Extensions) -> CloudEvent:
    attributes = {
        "id": event.event_id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        **({"traceparent": event.traceparent} if event.traceparent else {}),
        **dict(extensions),
    }
    return CloudEvent(attributes, event.data)


def _unescaped(value: Any) -> Any:
    """A header's value as text. What is no valid escape stays as it is: some senders escape nothing."""
    return unquote(value) if isinstance(value, str) else value
