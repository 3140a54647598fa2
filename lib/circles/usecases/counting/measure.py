"""Set how many millimetres a pixel is, for an image or a batch."""

from circles.domain.counting.scales import NewScale, Scale
from circles.domain.images import Image
from circles.domain.services import Services
from circles.telemetry.metrics import metrics
from circles.usecases.events.announce import SCALED, announcing, announcing_batch, send_soon


def scale_image(image_id: str, wanted: NewScale | None, services: Services) -> Image:
    """
    Set the scale of an image, or remove it; the same again changes nothing.

    Raises:
        NotFound: there is no such image.
        NotPossible: the object is not one of the image's served run.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    announce = announcing(SCALED, services)
    if wanted is None:
        image = services.scales.remove_from_image(image_id, announce=announce)
    else:
        now = services.now()
        image = services.scales.set_for_image(image_id, wanted, now=now, announce=announce)
    metrics.scale_set("image" if wanted else "removed")
    send_soon(services)
    return image


def scale_batch(batch: str, wanted: NewScale | None, services: Services) -> Scale | None:
    """
    Set the scale of a batch, or remove it; the same again changes nothing.

    Raises:
        NotFound: no image has this batch.
        NotPossible: the object is not of the served run of one of the batch's images.
        Unavailable: the catalogue is unavailable; nothing was written.
    """
    announce = announcing_batch(services)
    if wanted is None:
        services.scales.remove_from_batch(batch, announce=announce)
        scale = None
    else:
        now = services.now()
        scale = services.scales.set_for_batch(batch, wanted, now=now, announce=announce)
    metrics.scale_set("batch" if wanted else "removed")
    send_soon(services)
    return scale
