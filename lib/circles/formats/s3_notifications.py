"""
What object stores tell of their buckets: records as S3 notifications have them, and the CloudEvents they become.

MinIO, Ceph and AWS post {"Records": […]}. Keys are escaped as in a form; all but AWS put "s3:" before an event's name.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from circles.domain.errors import Malformed
from circles.domain.events import OutgoingEvent
from circles.formats.fields import part
from circles.formats.seaweedfs import filer_records

TYPE_PREFIX = "com.amazonaws.s3."
"""Of every S3 event's type, whoever the provider is (cloudevents/spec cloudevents/adapters/aws-s3.md)."""

CREATIONS = {f"ObjectCreated:{way}" for way in ("Put", "Post", "Copy", "CompleteMultipartUpload")}
"""The names that tell of new content. PutTagging, PutRetention and PutLegalHold are ObjectCreated too and tell of none:
who acts on them and tags objects runs in a circle."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a record says of an object: key is not escaped, etag not quoted and empty where it is not told."""

    bucket: str
    key: str
    etag: str
    size_bytes: int


def read_notification(body: bytes) -> list[Record]:
    """
    Return all records of a store's notification; none where it is a test or tells of no content.

    Raises Malformed where body is no notification that we know.
    """
    try:
        document = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed("The notification is no JSON.") from error
    if isinstance(document, dict) and isinstance(document.get("message"), dict):
        return filer_records(document["message"])
    if isinstance(document, dict) and document.get("Event") == "s3:TestEvent":
        return []  # sent by AWS when a notification is set up
    return records(document)


def records(data: Any) -> list[Record]:
    """Return the records of a whole notification, or the one that data is. Raises Malformed where it is neither."""
    found = data.get("Records", [data]) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Malformed("The notification has no list of records.")
    return found


def event_name(record: Record) -> str:
    """What happened, as AWS names it: ObjectCreated:Put."""
    name = record.get("eventName")
    if not isinstance(name, str):
        raise Malformed("The record has no eventName.")
    return name.removeprefix("s3:")


def read_notice(record: Record) -> Notice:
    """Return what a record speaks of. Raises Malformed where bucket or key are missing or are no text."""
    bucket, found = (part(part(record, "s3"), name) for name in ("bucket", "object"))
    name, key, etag, size = bucket.get("name"), found.get("key"), found.get("eTag"), found.get("size", 0)
    if not (isinstance(name, str) and name and isinstance(key, str) and key):
        raise Malformed("The record names no bucket and key.")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:  # MinIO leaves a size of 0 out
        raise Malformed("The record's size is no number of bytes.")
    try:
        key = unquote_plus(key, errors="strict")
        key.encode()
    except UnicodeError as error:
        raise Malformed("The record's key is no UTF-8.") from error
    return Notice(name, key, etag.strip('"') if isinstance(etag, str) else "", size)


def notices(event_type: str, data: Any) -> list[Notice]:
    """
    Return what a CloudEvent of this type tells of new content; nothing where it is of another type.

    The key is read from the record, not from the event's subject: some sources escape that, some do not.
    Raises Malformed where data is no record.
    """
    name = event_type.removeprefix(TYPE_PREFIX)
    if name == event_type or name.removeprefix("s3:") not in CREATIONS:
        return []
    return [read_notice(record) for record in records(data) if event_name(record) in CREATIONS]


def to_event(record: Record, notice: Notice, *, now: datetime, traceparent: str | None = None) -> OutgoingEvent:
    """
    Return the CloudEvent of a record, its attributes as the CNCF's adapter text for S3 has them.

    The id ends with a digest of the record, because the records of one request share its ids, and some stores have
    none. A record that is delivered again has the same id.
    """
    request = part(record, "responseElements")
    ids = [str(request[name]) for name in ("x-amz-request-id", "x-amz-id-2") if request.get(name)]
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    provider, region = record.get("eventSource") or "aws:s3", record.get("awsRegion") or ""
    return OutgoingEvent(
        event_id=".".join([*ids, digest[:32]]),
        type=TYPE_PREFIX + event_name(record),
        source=f"{provider}.{region}.{notice.bucket}",
        subject=notice.key,
        time=_moment(record.get("eventTime")) or now,
        traceparent=traceparent,
        data=record,
    )


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON, and would be none when it is passed on")


def _moment(text: Any) -> datetime | None:
    """RFC 3339's time; None where text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
