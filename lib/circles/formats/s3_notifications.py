"""
Read the records of S3 notifications and turn them into CloudEvents.

MinIO, Ceph and AWS post {"Records": […]}. MinIO and older versions of Ceph put "s3:" before the
name of an event. Keys are escaped as in a form, but not by Ceph (ceph/ceph src/rgw/rgw_pubsub.cc).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from circles.domain.blobs import MAX_KEY_BYTES
from circles.domain.errors import Malformed
from circles.domain.events import OutgoingEvent
from circles.formats.fields import clean_text, get_object, parse_time
from circles.formats.seaweedfs import read_filer_records

TYPE_PREFIX = "com.amazonaws.s3."
"""The prefix of every S3 event's type (cloudevents/spec cloudevents/adapters/aws-s3.md)."""

_CEPH_TYPE_PREFIX = "com.amazonaws."
"""The prefix of Ceph's own CloudEvents (ceph/ceph src/rgw/driver/rados/rgw_pubsub_push.cc)."""

_UNESCAPED_KEYS = "ceph:s3"
"""The eventSource of Ceph."""

CREATIONS = {f"ObjectCreated:{way}" for way in ("Put", "Post", "Copy", "CompleteMultipartUpload")}
"""
The names of events about new content.

PutTagging, PutRetention and PutLegalHold are ObjectCreated too. A receiver that reacts to them by
tagging the object would run in a circle.
"""

_MAX_DEPTH = 32
_MAX_SIZE_BYTES = 2**53
_MAX_BUCKET_CHARS = 255
"""Of the oldest buckets of AWS; newer ones have at most 63."""
_MAX_ATTRIBUTE_CHARS = 200

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """
    The object of a record.

    key is not escaped. etag is not quoted, and empty if the record does not have one.
    """

    bucket: str
    key: str
    etag: str
    size_bytes: int


def read_notification(body: bytes) -> list[Record]:
    """
    Return the records of a store's notification, none for a test or for an event without content.

    Raises Malformed for anything else than a known notification.
    """
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("The notification is not JSON.") from error
    if isinstance(document, dict) and isinstance(document.get("message"), dict):
        return read_filer_records(document["message"])
    if isinstance(document, dict) and document.get("Event") == "s3:TestEvent":
        return []  # sent by AWS when a notification is set up
    return read_records(document)


def read_records(data: Any) -> list[Record]:
    """Return the records of a notification, or data itself if it is one. Raises Malformed."""
    found = data.get("Records", [data]) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Malformed("The notification does not have a list of records.")
    return found


def read_event_name(record: Record) -> str:
    """Return the event's name as AWS writes it, such as ObjectCreated:Put. Raises Malformed."""
    name = record.get("eventName")
    if not isinstance(name, str):
        raise Malformed("The record does not have an eventName.")
    return name.removeprefix("s3:")


def read_notice(record: Record) -> Notice:
    """Return the object of a record. Raises Malformed if its bucket, key or size cannot be used."""
    bucket, found = (get_object(get_object(record, "s3"), name) for name in ("bucket", "object"))
    name, key, size = bucket.get("name"), found.get("key"), found.get("size", 0)
    if not (isinstance(name, str) and name and isinstance(key, str) and key):
        raise Malformed("The record does not name a bucket and a key.")
    if type(size) is not int or not 0 <= size <= _MAX_SIZE_BYTES:  # MinIO leaves a size of 0 out
        raise Malformed("The record's size is not a number of bytes.")
    try:
        if record.get("eventSource") != _UNESCAPED_KEYS:
            key = unquote_plus(key, errors="strict")
        name.encode()
        key_bytes = len(key.encode())
    except UnicodeError as error:
        raise Malformed("The record's bucket or key is not UTF-8.") from error
    if len(name) > _MAX_BUCKET_CHARS or key_bytes > MAX_KEY_BYTES:
        raise Malformed("The record's bucket or key is too long.")
    etag = found.get("eTag", found.get("etag"))  # as older versions of Ceph write it
    return Notice(name, key, etag.strip('"') if isinstance(etag, str) else "", size)


def read_notices(event_type: str, data: Any) -> list[Notice]:
    """
    Return the objects with new content of a CloudEvent, none if it has another type.

    The key is that of the record, because only some senders escape the event's subject.
    Raises Malformed if data is not a record or a list of records.
    """
    name = event_type.removeprefix(_CEPH_TYPE_PREFIX)
    if name == event_type or name.removeprefix("s3.").removeprefix("s3:") not in CREATIONS:
        return []
    records = [record for record in read_records(data) if read_event_name(record) in CREATIONS]
    return [read_notice(record) for record in records]


def to_event(
    record: Record, notice: Notice, *, now: datetime, traceparent: str | None = None
) -> OutgoingEvent:
    """
    Return the CloudEvent of a record, with the attributes of the CNCF's adapter for S3.

    The id ends with a digest of the record, because the records of one request share its ids, and
    some stores do not send any. A repeated record has the same id.
    Raises Malformed if the event could not be written as JSON.
    """
    response = get_object(record, "responseElements")
    ids = [_clean(response.get(name)) for name in ("x-amz-request-id", "x-amz-id-2")]
    digest = hashlib.sha256(_to_json(record)).hexdigest()
    provider = _clean(record.get("eventSource")) or "aws:s3"
    return OutgoingEvent(
        event_id=".".join([*filter(None, ids), digest[:32]]),
        type=TYPE_PREFIX + read_event_name(record),
        source=f"{provider}.{_clean(record.get('awsRegion'))}.{notice.bucket}",
        subject=notice.key,
        time=parse_time(record.get("eventTime")) or now,
        traceparent=traceparent,
        data=record,
    )


def _clean(value: Any) -> str:
    return clean_text(value, _MAX_ATTRIBUTE_CHARS)


def _to_json(record: Record) -> bytes:
    """Return a record as JSON. Raises Malformed for infinity (1e999) and for deep nesting."""
    if not _is_shallow(record, _MAX_DEPTH):
        raise Malformed(f"The record is nested more than {_MAX_DEPTH} levels deep.")
    try:
        return json.dumps(record, sort_keys=True, allow_nan=False).encode()
    except ValueError as error:
        raise Malformed("The record has a number that is not JSON.") from error


def _is_shallow(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    children = value if isinstance(value, list) else []
    return levels > 0 and all(_is_shallow(child, levels - 1) for child in children)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON, and would not be when it is passed on")
