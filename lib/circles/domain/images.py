"""Images and their states, and what is remembered of those that were deleted or refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What is known of an image: detection still due, done, or given up."""

    PENDING = "pending"
    DETECTED = "detected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Image:
    """
    One stored image. width and height are upright pixels; key names its blob.

    attempts counts detections begun, and so names the claim of the last one; claimed_until keeps others from beginning
    one before that moment; from due_at on repair takes it up if it is still pending then.
    object_count, model, model_version, detection_ms and detected_at speak of the detection that is served.
    """

    image_id: str
    key: str
    media_type: str
    size_bytes: int
    sha256: str
    width: int
    height: int
    source: str
    created_at: datetime
    status: Status = Status.PENDING
    file_name: str | None = None
    idempotency_key: str | None = None
    attempts: int = 0
    claimed_until: datetime | None = None
    due_at: datetime | None = None
    error: str | None = None
    object_count: int = 0
    model: str | None = None
    model_version: str | None = None
    detection_ms: float | None = None
    detected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many images are pending, or events wait, and since when the oldest has been there; None where none is."""

    pending: int
    oldest_created_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images a list holds; None is any. since is the earliest created_at."""

    status: Status | None = None
    sha256: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A blob that was looked at and is no image of ours: why, as a code of errors.py and a sentence."""

    object_id: str
    key: str
    etag: str
    code: str
    detail: str
    refused_at: datetime


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted image whose blob may still be there."""

    image_id: str
    key: str
    source: str
    deleted_at: datetime
