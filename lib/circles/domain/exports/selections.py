"""Images with what was found in them, and the port that reads them for exports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from circles.domain.catalogue import Position
from circles.domain.detections import FoundObject
from circles.domain.images import Image, ImageFilter

PAGE = 50
"""
Images that are read as of one moment.

200 take as long in all, and 7 MiB in each thread that exports.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One image with the objects of its served run.

    candidates are those that the run can still reveal, if they were asked for. created_by is the
    person that made the run, None for a predictor's.
    """

    image: Image
    objects: Sequence[FoundObject]
    candidates: Sequence[FoundObject] = ()
    created_by: str | None = None


class Selections(Protocol):
    """Reads selections of images for exports."""

    def entries(
        self,
        wanted: ImageFilter,
        *,
        limit: int,
        before: Position | None = None,
        candidates: bool = False,
    ) -> Sequence[Entry]:
        """
        Return at most limit images that match wanted, newest first, with their objects.

        They are as of one moment. before: only images after this position. Raises Unavailable.
        """


def read_selection(
    selections: Selections, wanted: ImageFilter, *, candidates: bool = False
) -> Iterator[Entry]:
    """
    Yield the images that match, newest first, each with its objects.

    No transaction outlives a page. Images that arrive meanwhile are left out, those that are
    corrected meanwhile are as they are when their page is read. Raises Unavailable.
    """
    before: Position | None = None
    while True:
        page = selections.entries(wanted, limit=PAGE, before=before, candidates=candidates)
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].image
        before = Position(last.created_at, last.image_id)
