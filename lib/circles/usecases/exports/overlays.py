"""Draw the objects of an image on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from circles.domain.detections import HUMAN, FoundObject, ObjectFilter
from circles.domain.exports.drawings import Drawing, Kind, Mark, lay_out
from circles.domain.exports.renditions import (
    OVERLAY_PX,
    Rendition,
    RenditionFile,
    compute_basis,
)
from circles.domain.images import Image, Status
from circles.domain.services import Services
from circles.formats.overlays import write_svg
from circles.usecases.exports.renditions import keep_rendition, make_rendition
from circles.usecases.exports.thumbnails import make_thumbnail

_CAPTIONS = {
    Status.PENDING: "Pending: nothing has been looked for in this picture yet.",
    Status.FAILED: "Failed: the detection of this picture was given up.",
}


@dataclass(frozen=True, slots=True)
class Overlay:
    """What an overlay shows, with the digest of all that it follows from."""

    image: Image
    marks: Sequence[Mark]
    wanted: ObjectFilter
    basis: str

    @property
    def caption(self) -> str | None:
        return None if self.image.detection_id else _CAPTIONS.get(self.image.status)


def find_overlay(image_id: str, wanted: ObjectFilter, services: Services) -> Overlay:
    """Return what an overlay of some objects shows. Raises NotFound, Unavailable."""
    image, found = services.catalogue.objects(image_id, wanted)
    sure_score = services.rules.sure_score
    candidates = _find_candidates(image_id, found, wanted, services)
    marks = [
        Mark(number, each, _kind_of(each, each.object_id in candidates, image, sure_score))
        for number, each in enumerate(found, start=1)
    ]
    run = wanted.detection_id or image.detection_id
    basis = compute_basis(image, run, image.status, wanted.min_score, sure_score)
    return Overlay(image, marks, wanted, basis)


def draw_overlay(
    overlay: Overlay, kind: str, whole: bool, services: Services
) -> Rendition | RenditionFile:
    """
    Return an overlay as svg or png, the latter also in the picture's own size.

    Raises as make_rendition does.
    """
    if kind == "svg":
        return _draw_svg(overlay, services)
    return _draw_whole_png(overlay, services) if whole else _draw_kept_png(overlay, services)


def _draw_svg(overlay: Overlay, services: Services) -> Rendition:
    """Return an SVG over the kept thumbnail, which costs most of it."""
    picture = make_thumbnail(overlay.image, OVERLAY_PX, services)
    drawing = _lay_out(overlay, OVERLAY_PX)
    title = overlay.image.file_name or overlay.image.image_id
    return Rendition("image/svg+xml", write_svg(drawing, picture.data, title))


def _draw_kept_png(overlay: Overlay, services: Services) -> Rendition:
    """Return a PNG of at most OVERLAY_PX pixels a side; that of the served run is kept."""
    make = partial(_draw_png, overlay, OVERLAY_PX, services)
    if overlay.wanted != ObjectFilter():
        return make_rendition(overlay.image, make, services)
    return keep_rendition(overlay.image, "overlay", overlay.basis, make, services)


def _draw_whole_png(overlay: Overlay, services: Services) -> RenditionFile:
    image = overlay.image
    drawing = _lay_out(overlay, max(image.width, image.height))
    make = partial(services.renderer.draw, drawing=drawing, side_px=None)
    return make_rendition(image, make, services)


def _draw_png(overlay: Overlay, side_px: int, services: Services, data: bytes) -> Rendition:
    drawn = services.renderer.draw(data, _lay_out(overlay, side_px), side_px)
    with drawn.file:
        return Rendition(drawn.media_type, drawn.file.read())


def _lay_out(overlay: Overlay, side_px: int) -> Drawing:
    width, height = overlay.image.width, overlay.image.height
    shown_px = min(side_px, max(width, height))
    return lay_out(overlay.marks, width, height, shown_px, overlay.caption)


def _find_candidates(
    image_id: str, found: Sequence[FoundObject], wanted: ObjectFilter, services: Services
) -> set[str]:
    """Return the ids of the candidates among found objects: those not of the run itself."""
    if wanted.min_score is None:
        return set()
    _, own = services.catalogue.objects(image_id, replace(wanted, min_score=None))
    return {each.object_id for each in found} - {each.object_id for each in own}


def _kind_of(found: FoundObject, is_candidate: bool, image: Image, sure_score: float) -> Kind:
    if is_candidate:
        return Kind.CANDIDATE
    score = found.circle.score
    if score is None and found.model == HUMAN:
        return Kind.HUMAN
    # a predictor without a threshold means something else by its scores
    is_sure = score is None or image.threshold is None or score >= sure_score
    return Kind.SURE if is_sure else Kind.DOUBTFUL
