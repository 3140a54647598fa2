"""Takes up what was cut off."""

from circles.images import RepairReport
from circles.ports import Services


def repair_images(app: Services) -> RepairReport:
    """
    Finish deletions, detect what is due, look for blobs without rows and rows without blobs, and send events.

    Bounded by Rules.repair_budget; several at once share the work. Raises Unavailable where the catalogue is away.
    """
    raise NotImplementedError
