"""
SeaweedFS's filer webhook, read into the form of S3 records: it has no S3 notifications of its own.

It posts {"event_type", "key", "message": {"old_entry", "new_entry", "new_parent_path"}}; fields that are zero are left
out, bytes are base64 (seaweedfs weed/notification/webhook and weed/pb/filer.proto).
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from circles.domain.errors import Malformed
from circles.formats.fields import part

_BUCKETS = "/buckets/"
_S3_ETAG = "Seaweed-X-Amz-ETag"

Entry = dict[str, Any]


def filer_records(message: dict[str, Any]) -> list[dict[str, Any]]:
    """
    Return one record where a file is new, moved here, or has new content; none for folders, new tags, deletions.

    Raises Malformed where the entry has no name or lies in no bucket.
    """
    entry, old = message.get("new_entry"), message.get("old_entry")
    if not isinstance(entry, dict) or entry.get("is_directory"):
        return []
    etag = _etag(entry)
    if isinstance(old, dict) and old.get("name") == entry.get("name") and _etag(old) == etag != "":
        return []  # no new content: tags, or a policy
    folder, name = message.get("new_parent_path"), entry.get("name")
    if not (isinstance(folder, str) and folder.startswith(_BUCKETS) and isinstance(name, str) and name):
        raise Malformed("The filer's entry has no name or lies in no bucket.")
    bucket, _, key = f"{folder}/{name}".removeprefix(_BUCKETS).partition("/")
    return [_record(bucket, key, etag, entry)]


def _record(bucket: str, key: str, etag: str, entry: Entry) -> dict[str, Any]:
    attributes = part(entry, "attributes")
    modified_at = datetime.fromtimestamp(min(_number(attributes, "mtime"), 2**33), UTC)
    stored = {"key": quote_plus(key, safe="", errors="replace"), "size": _number(attributes, "file_size"), "eTag": etag}
    return {
        "eventSource": "seaweedfs:s3",
        "awsRegion": "",
        "eventTime": modified_at.isoformat().replace("+00:00", "Z"),
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {**stored, "sequencer": f"{_newest_ns(entry):016X}"}},
    }


def _etag(entry: Entry) -> str:
    """As the S3 side shows it; what came past S3 has the MD5 of its content, or nothing that can be told here."""
    shown = _decoded(part(entry, "extended").get(_S3_ETAG))
    return shown.decode("ascii", "replace").strip('"') or _decoded(part(entry, "attributes").get("md5")).hex()


def _newest_ns(entry: Entry) -> int:
    """When the newest piece of content was written: the entry's own time has whole seconds."""
    chunks = entry.get("chunks")
    times = [_number(chunk, "modified_ts_ns") for chunk in chunks if isinstance(chunk, dict)] if chunks else []
    return max(times, default=_number(part(entry, "attributes"), "mtime") * 10**9)


def _number(parent: Entry, name: str) -> int:
    value = parent.get(name, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text)
    except (TypeError, ValueError, binascii.Error):
        return b""
