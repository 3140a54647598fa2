"""Read a whole selection of images, page by page."""

from collections.abc import Iterator

from circles.domain.catalogue import Position
from circles.domain.exports.selections import Entry
from circles.domain.images import ImageFilter
from circles.domain.services import Services

_PAGE = 200


def read_selection(
    wanted: ImageFilter, services: Services, *, candidates: bool = False
) -> Iterator[Entry]:
    """
    Yield the images that match, newest first, each with its objects.

    No transaction outlives a page. Images that arrive meanwhile are left out, those that were
    deleted or corrected meanwhile are as they are when their page is read. Raises Unavailable.
    """
    before: Position | None = None
    while True:
        page = services.selections.entries(
            wanted, limit=_PAGE, before=before, candidates=candidates
        )
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].image
        before = Position(last.created_at, last.image_id)
