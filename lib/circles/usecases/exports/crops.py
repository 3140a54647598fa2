"""Cut one object out of its image."""

from functools import partial

from circles.domain.detections import FoundObject
from circles.domain.exports.renditions import Rendition
from circles.domain.images import Image
from circles.domain.services import Services
from circles.usecases.exports.renditions import make_rendition


def crop_object(image: Image, found: FoundObject, services: Services) -> Rendition:
    """Return the pixels of an object's bbox. Raises as make_rendition does."""
    make = partial(services.renderer.crop, bbox=found.circle.bbox)
    return make_rendition(image, make, services)
