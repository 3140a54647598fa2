"""Make thumbnails."""

from functools import partial

from circles.domain.exports.renditions import Rendition, compute_basis
from circles.domain.images import Image
from circles.domain.services import Services
from circles.usecases.exports.renditions import keep_rendition


def make_thumbnail(image: Image, width_px: int, services: Services) -> Rendition:
    """Return a JPEG of at most width_px pixels a side. Raises as make_rendition does."""
    make = partial(services.renderer.shrink, side_px=width_px)
    name = f"thumbnail-{width_px}"
    return keep_rendition(image, name, compute_basis(image), make, services)
