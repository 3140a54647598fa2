"""Create and check ids: UUIDs of version 7 (RFC 9562), so that newer ids sort later; names."""

import json
import re
from uuid import UUID, uuid5

from circles.domain.errors import Malformed

_UPLOADS = UUID("5f0ce8a6-9d0a-4b52-8f52-6f5e0f6a1f6e")
"""Namespace of ids derived from an idempotency key; random, never changed."""

_FORMS = UUID("c1d4f5b8-7e0a-4c63-9b1d-2a8e6f0d3b95")
"""Namespace of folders derived from an idempotency key; random, never changed."""

_CORRECTIONS = UUID("b0a7b2c4-0c3d-4d4f-8f0e-3f1f5f1c9a52")
"""Namespace of ids of corrections with an idempotency key; random, never changed."""

_OBJECTS = UUID("3b1f2a70-55c1-4d0e-9a46-8a9f7a0f4c11")
"""Namespace of ids of objects that other clients put into the bucket; random, never changed."""

MAX_BATCH = 100
"""Characters of a batch's name."""
_NOT_IN_BATCHES = set("/\\\ufffd")
"""The last one stands for bytes that are not UTF-8."""

_CANONICAL = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def new_id() -> str:
    """Return a new UUID of version 7."""
    from uuid_utils import uuid7  # here, because read-only processes never create ids

    return str(uuid7())


def upload_id(idempotency_key: str, sha256: str) -> str:
    """Return the same UUID for the same key and bytes. A retry overwrites its own blob."""
    return str(uuid5(_UPLOADS, f"{idempotency_key}\n{sha256}"))


def object_folder(idempotency_key: str) -> str:
    """Return the same UUID for the same key. A retry puts its file where the first one lies."""
    return str(uuid5(_FORMS, idempotency_key))


def correction_id(image_id: str, idempotency_key: str) -> str:
    """Return the same UUID for the same image and key. A retry makes no second run."""
    return str(uuid5(_CORRECTIONS, f"{image_id}\n{idempotency_key}"))


def object_id(bucket: str, key: str, etag: str) -> str:
    """Return the UUID of one version of an object. Repeated events make one image."""
    return str(uuid5(_OBJECTS, json.dumps([bucket, key, etag])))


def parse_id(text: str) -> str:
    """Return a UUID in canonical lower case; raise Malformed for anything else."""
    if not _CANONICAL.fullmatch(text):
        raise Malformed("Ids are UUIDs such as 01890a5d-ac96-774b-bcce-b302099a8057.")
    return text.lower()


def parse_batch(text: str) -> str:
    """
    Return the name of a batch, unchanged.

    It is a folder of the bucket's incoming prefix: raises Malformed for a slash, ".", "..", control
    and format characters, and more than 100 characters.
    """
    if not 0 < len(text) <= MAX_BATCH or not text.isprintable() or text in (".", ".."):
        raise Malformed(f"A batch has a name of 1 to {MAX_BATCH} printable characters.")
    if set(text) & _NOT_IN_BATCHES:
        raise Malformed("The name of a batch has no slash, and is UTF-8.")
    return text
