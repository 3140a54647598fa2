"""Store what people correct, confirm and restore. A correction is a run that stays served."""

import math
from collections.abc import Iterator, Mapping

from circles.domain.counting.corrections import Correction, Drawn, Expected, HumanRun, Kept, Restore
from circles.domain.counting.runs import Run
from circles.domain.detections import Bbox, Circle, FoundObject
from circles.domain.errors import KeyReused, NotFound, NotPossible
from circles.domain.identifiers import correction_id, new_id
from circles.domain.images import Image, Review
from circles.domain.services import Services
from circles.telemetry.metrics import metrics
from circles.usecases.events.announce import CORRECTED, announcing, send_soon

LABEL = "circle"
"""What a circle that a person drew is called."""


def change_run(
    image_id: str, wanted: Correction | Restore, expected: Expected, services: Services
) -> Run | Image:
    """Correct an image and return the new run, or restore a run and return the image."""
    if isinstance(wanted, Restore):
        return restore_run(image_id, wanted.detection_id, expected, services)
    return correct_image(image_id, wanted, expected, services)


def correct_image(
    image_id: str, correction: Correction, expected: Expected, services: Services
) -> Run:
    """
    Store a person's run, serve it, and return it.

    An entry that keeps an object copies it. What is not named is dropped. If nothing changes, the
    run is a confirmation. The same idempotency key with the same request gives the same run.

    Raises:
        NotFound: there is no such image.
        NotPossible: a run or object is not the image's, an object is named twice, a circle does not
            touch the picture, or there are more than Rules.max_objects.
        PreconditionFailed: another run than expected is served.
        KeyReused: the key was used for another request.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    image = services.catalogue.get(image_id)
    detection_id = _run_id(image_id, correction)
    if known := _find_known(image_id, detection_id, correction, services):
        return known
    run = _describe(image, detection_id, correction, services)
    announce = announcing(CORRECTED, services)
    services.corrections.correct(
        image_id, run, expected=expected, now=services.now(), announce=announce
    )
    metrics.run_corrected(run.review)
    send_soon(services)
    return services.corrections.run(image_id, detection_id)


def restore_run(
    image_id: str, detection_id: str | None, expected: Expected, services: Services
) -> Image:
    """
    Serve an earlier run until a person changes that; None serves the predictor's newest again.

    Raises:
        NotFound: there is no such image.
        NotPossible: the run is not the image's.
        PreconditionFailed: another run than expected is served.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    before = services.catalogue.get(image_id)
    announce = announcing(CORRECTED, services)
    try:
        image = services.corrections.restore(
            image_id, detection_id, expected=expected, announce=announce
        )
    except NotFound as error:
        raise NotPossible("The run to restore is not one of this image.") from error
    if image.pinned_id != before.pinned_id:
        metrics.run_corrected("restored" if detection_id else "unpinned")
        send_soon(services)
    return image


def _run_id(image_id: str, correction: Correction) -> str:
    key = correction.idempotency_key
    return correction_id(image_id, key) if key else new_id()


def _find_known(
    image_id: str, detection_id: str, correction: Correction, services: Services
) -> Run | None:
    """Return the run of an earlier request with the same key. Raises KeyReused."""
    if correction.idempotency_key is None:
        return None
    try:
        run = services.corrections.run(image_id, detection_id)
    except NotFound:
        return None
    if run.request_digest != correction.digest:
        raise KeyReused("This Idempotency-Key was used for another correction of this image.")
    return run


def _describe(
    image: Image, detection_id: str, correction: Correction, services: Services
) -> HumanRun:
    if len(correction.entries) > services.rules.max_objects:
        raise NotPossible(f"A run has at most {services.rules.max_objects:,} objects.")
    try:
        parent = services.corrections.run(image.image_id, correction.based_on)
    except NotFound as error:
        raise NotPossible("The run in based_on is not one of this image.") from error
    objects, candidates = services.corrections.entries(image.image_id, parent.detection_id)
    known = {found.object_id: found for found in (*objects, *candidates)}
    _check_named_once(correction, known)
    return HumanRun(
        detection_id=detection_id,
        parent_id=parent.detection_id,
        objects=tuple(_read_entries(correction, known, image)),
        threshold=parent.threshold,
        review=_review(correction, parent, {found.object_id for found in objects}),
        created_by=correction.created_by,
        request_digest=correction.digest if correction.idempotency_key else None,
    )


def _check_named_once(correction: Correction, known: Mapping[str, FoundObject]) -> None:
    named = [
        entry.object_id if isinstance(entry, Kept) else entry.replaces
        for entry in correction.entries
    ]
    ids = [object_id for object_id in named if object_id is not None]
    if len(set(ids)) < len(ids):
        raise NotPossible("An object is named twice.")
    if unknown := [object_id for object_id in ids if object_id not in known]:
        raise NotPossible(f"The object {unknown[0]} is not one of the run in based_on.")


def _read_entries(
    correction: Correction, known: Mapping[str, FoundObject], image: Image
) -> Iterator[tuple[Circle, str | None]]:
    """Yield each entry's circle and the id of its first ancestor."""
    for entry in correction.entries:
        if isinstance(entry, Kept):
            found = known[entry.object_id]
            yield found.circle, found.origin_id
        elif entry.replaces:
            found = known[entry.replaces]
            yield _draw(entry, found.circle.label, image), found.origin_id
        else:
            yield _draw(entry, LABEL, image), None


def _draw(entry: Drawn, label: str, image: Image) -> Circle:
    """Return a circle whose bbox encloses its part in the picture. Raises NotPossible."""
    x, y = entry.centroid
    nearest = (min(max(x, 0), image.width), min(max(y, 0), image.height))
    bbox = _enclose(entry, image)
    if math.dist(entry.centroid, nearest) >= entry.radius_px or bbox is None:
        raise NotPossible("A circle does not touch the picture.")
    centroid = (round(x, 2), round(y, 2))
    return Circle(bbox, centroid, max(round(entry.radius_px, 2), 0.01), None, label)


def _enclose(entry: Drawn, image: Image) -> Bbox | None:
    (x, y), radius = entry.centroid, entry.radius_px
    left, top = max(math.floor(x - radius), 0), max(math.floor(y - radius), 0)
    right = min(math.ceil(x + radius), image.width)
    bottom = min(math.ceil(y + radius), image.height)
    return (left, top, right - left, bottom - top) if left < right and top < bottom else None


def _review(correction: Correction, parent: Run, object_ids: set[str]) -> Review:
    """Return confirmed if the predictor's objects are kept, all of them and nothing else."""
    kept = {entry.object_id for entry in correction.entries if isinstance(entry, Kept)}
    if kept != object_ids or len(kept) < len(correction.entries):
        return Review.CORRECTED
    return Review.CONFIRMED if parent.review is Review.NONE else parent.review
