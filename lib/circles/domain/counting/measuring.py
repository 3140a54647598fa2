"""Port that stores scales."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from circles.domain.counting.scales import NewScale, Scale
from circles.domain.events import Announce, OutgoingEvent
from circles.domain.images import Image

AnnounceBatch = Callable[[str, Scale | None], Sequence[tuple[str, OutgoingEvent]]]
"""Returns pairs of sink and event for a batch and its new scale, as Announce does for an image."""


class Scales(Protocol):
    """
    Stores scales. Every method raises Unavailable, as in Catalogue.

    What is so already is left and not announced.
    """

    def set_for_image(
        self, image_id: str, wanted: NewScale, *, now: datetime, announce: Announce
    ) -> Image:
        """
        Set the scale of an image, which has precedence over that of its batch.

        Raises:
            NotFound: there is no such image.
            NotPossible: the object is not one of the image's served run.
        """

    def remove_from_image(self, image_id: str, *, announce: Announce) -> Image:
        """Remove the scale of an image. Raises NotFound."""

    def set_for_batch(
        self, batch: str, wanted: NewScale, *, now: datetime, announce: AnnounceBatch
    ) -> Scale:
        """
        Set the scale of a batch.

        Raises:
            NotFound: no image has this batch.
            NotPossible: the object is not of the served run of one of the batch's images.
        """

    def remove_from_batch(self, batch: str, *, announce: AnnounceBatch) -> None:
        """Remove the scale of a batch. Raises NotFound if no image has this batch."""
