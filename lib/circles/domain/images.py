"""Images and their states, and records of those deleted or refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a cold start reads images without one
    from circles.domain.counting.scales import Scale

_MAX_FILE_NAME = 255


class Status(StrEnum):
    """State of an image: detection pending, done or failed."""

    PENDING = "pending"
    DETECTED = "detected"
    FAILED = "failed"


class Review(StrEnum):
    """What a person did to the served run."""

    NONE = "none"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Image:
    """
    One stored image. width and height are upright pixels; key names its blob.

    A detection runs under a claim, numbered by claim. Another detection cannot start before
    claimed_until. Repair retries a pending image from due_at on. attempts counts the detections
    that count towards giving up: those that no client asked for, and those that ended their
    process. refused_attempts counts those that the predictor refused.
    detection_id is the served run, and pinned_id is the same where a person chose it.
    object_count, model, model_version, detection_ms, detected_at, threshold, sure_count,
    doubtful_count and review describe the served run. scale_id is the image's own scale; scale is
    that one or the batch's. created_by is the principal that uploaded it, None for a file of the
    bucket and while access was open.
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
    refused_attempts: int = 0
    claim: int = 0
    claimed_until: datetime | None = None
    due_at: datetime | None = None
    error: str | None = None
    object_count: int = 0
    model: str | None = None
    model_version: str | None = None
    detection_ms: float | None = None
    detected_at: datetime | None = None
    detection_id: str | None = None
    pinned_id: str | None = None
    threshold: float | None = None
    sure_count: int | None = None
    doubtful_count: int | None = None
    review: Review = Review.NONE
    batch: str | None = None
    scale_id: str | None = None
    created_by: str | None = None
    scale: "Scale | None" = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Number of pending images or waiting events, and the oldest one's time (None for 0)."""

    pending: int
    oldest_created_at: datetime | None


class Order(StrEnum):
    """Order of a list: the last created, or the highest doubtful_count first."""

    NEWEST = "newest"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """
    Selects the images of a list; None matches any.

    since is the earliest created_at, until is later than all. model_version, min_count and
    max_count speak of the served run; images without one match neither.
    """

    status: Status | None = None
    sha256: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    batch: str | None = None
    source: str | None = None
    key: str | None = None
    model_version: str | None = None
    review: Review | None = None
    min_count: int | None = None
    max_count: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A blob that was refused as an image. code is one of errors.py, detail a sentence."""

    object_id: str
    key: str
    etag: str
    code: str
    detail: str
    refused_at: datetime


def clean_file_name(path: str) -> str | None:
    """
    Return the last part of a path without line ends and other control or format characters.

    It is to be shown, never to be opened. None where nothing is left.
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, name))[:_MAX_FILE_NAME] or None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted image whose blob may still exist."""

    image_id: str
    key: str
    source: str
    deleted_at: datetime
