"""CloudEvents 1.0 spoken once: strict reading of what HTTP brings, and the two forms in which ours go out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits, punctuation
from typing import Any
from urllib.parse import quote, unquote

from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent, from_http

from circles.domain.errors import Malformed
from circles.domain.events import OutgoingEvent
from circles.formats.fields import rfc3339

_UNESCAPED = (ascii_letters + digits + punctuation).translate({ord('"'): None, ord("%"): None})
"""What stands for itself in a header (CloudEvents HTTP binding 1.0.2, section 3.1.3.2)."""

Extensions = Iterable[tuple[str, str]]
"""Names and values of attributes that a platform adds to every event (K_CE_OVERRIDES)."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """
    What came. data is parsed JSON, the body's bytes or text where it is none, or None; traceparent is unchecked.

    dead_letter: what a broker says that gave the event up: status and address of the last try, None of any other event
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
        Malformed: it is no CloudEvent of version 1.0, or its id, type or source is missing, empty or no text.
    """
    try:
        attributes = from_http(headers, body)
    except Exception as error:  # the library's own, and what its parsing stumbles over: TypeError, RecursionError …
        raise Malformed("This is no CloudEvent.") from error
    escaped = any(name.lower() == "ce-specversion" for name in headers)
    version, event_id, kind, source, parent = (
        _text(attributes.get(name), escaped) for name in ("specversion", "id", "type", "source", "traceparent")
    )
    if not (version == "1.0" and event_id and kind and source):
        raise Malformed("A CloudEvent has specversion 1.0, and an id, a type and a source.")
    return IncomingEvent(event_id, kind, source, parent, attributes.data, _dead_letter(attributes))


def _dead_letter(attributes: CloudEvent) -> str | None:
    code, where = (attributes.get(f"knativeerror{what}") for what in ("code", "dest"))
    return f"{code} from {where}"[:300] if code or where else None


def binary_message(event: OutgoingEvent, extensions: Extensions = ()) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an event in binary mode: attributes as headers, data as the body."""
    headers, body = to_binary(_cloud_event(event, extensions))
    escaped = {name: quote(value, safe=_UNESCAPED) for name, value in headers.items() if name != "content-type"}
    return {"content-type": headers["content-type"], **escaped}, body


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
        "time": rfc3339(event.time),
        "datacontenttype": "application/json",
        **({"traceparent": event.traceparent} if event.traceparent else {}),
        **dict(extensions),
    }
    return CloudEvent(attributes, event.data)


def _text(value: Any, escaped: bool) -> str | None:
    """An attribute's text; what is no valid escape stays as it is, because some senders escape nothing."""
    if not isinstance(value, str):
        return None
    return unquote(value) if escaped else value
