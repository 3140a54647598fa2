"""Convert events to rows of the outbox and back."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from circles.adapters.sqlite.rows import insert, to_text_time
from circles.domain.events import Announce, OutgoingEvent
from circles.domain.images import Image


def event_values(sink: str, event: OutgoingEvent) -> dict[str, Any]:
    """Return a new outbox row, due at its event's time."""
    return {
        "sink": sink,
        "event_id": event.event_id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": to_text_time(event.time),
        "traceparent": event.traceparent,
        "data": json.dumps(event.data, ensure_ascii=False),
        "state": "waiting",
        "attempts": 0,
        "due_at": to_text_time(event.time),
    }


def announce(connection: sqlite3.Connection, image: Image, announce: Announce) -> Image:
    """Queue the events of an image's new state, and return the image."""
    queue(connection, announce(image))
    return image


def queue(connection: sqlite3.Connection, events: Sequence[tuple[str, OutgoingEvent]]) -> None:
    """Queue pairs of sink and event."""
    insert(connection, "outbox", [event_values(sink, event) for sink, event in events])


def read_event(row: sqlite3.Row) -> OutgoingEvent:
    return OutgoingEvent(
        event_id=row["event_id"],
        type=row["type"],
        source=row["source"],
        subject=row["subject"],
        time=datetime.fromisoformat(row["time"]),
        traceparent=row["traceparent"],
        data=json.loads(row["data"]),
    )
