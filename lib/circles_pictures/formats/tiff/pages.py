"""Which page of a TIFF is the picture: the first that is neither a thumbnail nor a mask."""

from collections.abc import Iterator
from itertools import chain

from circles_pictures.errors import Undecodable, UnsupportedKind
from circles_pictures.formats.tiff.tags import Directory, read_directories, read_directory
from circles_pictures.limits import MAX_TIFF_PAGES, MAX_TIFF_TAGS_OF_ALL

NEW_SUBFILE, OLD_SUBFILE, SUB_DIRECTORIES = 254, 255, 330
_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType."""
_OLD_REDUCED = 2


def find_page(data: bytes) -> tuple[Directory, Directory]:
    """
    Return the page, and the first one, which may tell the orientation for all.

    Where the first page is a thumbnail, as in camera raw files, what hangs below it comes before
    what follows. Raises Undecodable, and UnsupportedKind where there are only thumbnails.
    """
    pages = read_directories(data)
    first = next(pages, None)
    if first is None:
        raise Undecodable("The TIFF has no page.")
    left = MAX_TIFF_TAGS_OF_ALL
    for page in chain([first], _below(first), pages):
        left -= page.entries
        if left < 0:
            raise Undecodable(f"The TIFF has more than {MAX_TIFF_TAGS_OF_ALL:,} tags.")
        if not _is_secondary(page):
            return page, first
    raise UnsupportedKind(
        "The TIFF has thumbnails only; its full picture is of no kind that is read."
    )


def _below(page: Directory) -> Iterator[Directory]:
    for at in page.numbers(SUB_DIRECTORIES, most=MAX_TIFF_PAGES):
        yield read_directory(page.data, at)


def _is_secondary(page: Directory) -> bool:
    if page.number(NEW_SUBFILE, 0) & (_REDUCED | _MASK):
        return True
    return NEW_SUBFILE not in page.places and page.number(OLD_SUBFILE, 1) == _OLD_REDUCED
