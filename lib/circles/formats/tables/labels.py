"""Number the labels of objects, and describe images to programs that train or evaluate."""

from circles.domain.exports.selections import Entry
from circles.domain.images import Image
from circles.domain.pictures import EXTENSIONS


class Labels:
    """Numbers labels in the order in which they are first seen."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._numbers: dict[str, int] = {}

    def number(self, label: str) -> int:
        """Return the number of a label."""
        return self._numbers.setdefault(label, self._first + len(self._numbers))

    def names(self) -> dict[int, str]:
        """Return the labels seen, by number. There is at least one: readers need it."""
        known = self._numbers or {"circle": self._first}
        return {number: label for label, number in known.items()}


def has_run(entry: Entry) -> bool:
    """Return whether an image was searched. Without a run it is not known to be empty."""
    return entry.image.detection_id is not None


def stored_name(image: Image) -> str:
    """Return a file name that no other image has."""
    return image.image_id + EXTENSIONS.get(image.media_type, "")
