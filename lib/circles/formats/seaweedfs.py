"""
Read SeaweedFS's filer webhook as S3 records, because it does not send S3 notifications.

It posts {"event_type", "key", "message": {"old_entry", "new_entry", "new_parent_path"}}. Fields
with the value 0 are left out, bytes are base64 (seaweedfs weed/notification/webhook and
weed/pb/filer.proto).
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from circles.domain.errors import Malformed
from circles.formats.fields import get_object

_BUCKETS = "/buckets/"
_S3_ETAG = "Seaweed-X-Amz-ETag"
_VERSION_ID = "Seaweed-X-Amz-Version-Id"
_DELETE_MARKER = "Seaweed-X-Amz-Delete-Marker"
_VERSIONS_FOLDER = ".versions"
"""Where a bucket with versioning keeps the versions of a key: <key>.versions/v_<version id>
(weed/s3api/s3_constants)."""

Entry = dict[str, Any]


def read_filer_records(message: dict[str, Any]) -> list[dict[str, Any]]:
    """
    Return one record if a file is new, was moved here or has new content.

    Folders, new tags, deletions and delete markers give none. Raises Malformed if the entry does
    not have a name or a bucket.
    """
    entry, old = message.get("new_entry"), message.get("old_entry")
    if not isinstance(entry, dict) or entry.get("is_directory"):
        return []
    if _DELETE_MARKER in get_object(entry, "extended"):
        return []
    etag = _read_etag(entry)
    if isinstance(old, dict) and old.get("name") == entry.get("name"):
        if _read_etag(old) == etag != "":
            return []  # a tag, a policy, or a version that is not the newest any more
    bucket, key = _read_place(message.get("new_parent_path"), entry)
    return [_to_record(bucket, key, etag, entry)]


def _read_place(folder: Any, entry: Entry) -> tuple[str, str]:
    """Return bucket and key of an entry."""
    name = entry.get("name")
    if not (isinstance(folder, str) and folder.startswith(_BUCKETS)):
        raise Malformed("The filer's entry does not have a bucket.")
    if not (isinstance(name, str) and name):
        raise Malformed("The filer's entry does not have a name.")
    version = _decode(get_object(entry, "extended").get(_VERSION_ID)).decode("ascii", "replace")
    is_version = name == f"v_{version}" and folder.endswith(_VERSIONS_FOLDER)
    path = folder.removesuffix(_VERSIONS_FOLDER) if is_version else f"{folder}/{name}"
    bucket, _, key = path.removeprefix(_BUCKETS).partition("/")
    return bucket, key


def _to_record(bucket: str, key: str, etag: str, entry: Entry) -> dict[str, Any]:
    attributes = get_object(entry, "attributes")
    modified_at = datetime.fromtimestamp(min(_read_number(attributes, "mtime"), 2**33), UTC)
    stored = {
        "key": _escape(key),
        "size": _read_number(attributes, "file_size"),
        "eTag": etag,
        "sequencer": f"{_read_newest_ns(entry):016X}",
    }
    return {
        "eventSource": "seaweedfs:s3",
        "awsRegion": "",
        "eventTime": modified_at.isoformat().replace("+00:00", "Z"),
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": stored},
    }


def _escape(key: str) -> str:
    try:
        return quote_plus(key, safe="")
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise Malformed("The filer's entry has a name that is not UTF-8.") from error


def _read_etag(entry: Entry) -> str:
    """Return the ETag as the S3 side shows it, or the MD5 of what was written past S3, or ""."""
    shown = _decode(get_object(entry, "extended").get(_S3_ETAG)).decode("ascii", "replace")
    return shown.strip('"') or _decode(get_object(entry, "attributes").get("md5")).hex()


def _read_newest_ns(entry: Entry) -> int:
    """Return when the newest piece was written, because the entry's own time has whole seconds."""
    chunks = entry.get("chunks")
    pieces = chunks if isinstance(chunks, list) else []
    times = [_read_number(each, "modified_ts_ns") for each in pieces if isinstance(each, dict)]
    return max(times, default=_read_number(get_object(entry, "attributes"), "mtime") * 10**9)


def _read_number(parent: Entry, name: str) -> int:
    value = parent.get(name, 0)
    return value if type(value) is int and value >= 0 else 0


def _decode(text: Any) -> bytes:
    try:
        return base64.b64decode(text)
    except (TypeError, ValueError, binascii.Error):
        return b""
