"""An encoded picture whose header has been read: its costs, and how to read it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from circles_pictures.exif import QUARTER_TURNED, UPRIGHT
from circles_pictures.limits import MAX_PICTURE_BYTES

if TYPE_CHECKING:
    from PIL.Image import Image

Band = tuple[int, "Image"]
"""Some rows of a picture as stored: the first row's number, and an RGB image of full width."""

ToRgb = Callable[["Image"], "Image"]
"""Makes an RGB image of another one."""

BAND_BYTES = 2 * 1024 * 1024
"""The memory of one band in Pillow, where an RGB pixel takes four bytes."""
FIXED_BYTES = 6 * BAND_BYTES
"""A band, what it is converted through, and the decoders' own buffers."""


class Source(ABC):
    """
    Read once from the bytes; every format has its own.

    width and height are pixels as stored; orientation is EXIF's, 1..8, and turns them upright.
    Costs are bytes at the peak, without the encoded picture itself.

    colours is ICC's name of the stored pixels' colour space. inks makes RGB of CMYK; None is the
    formula that knows no inks. A detector gets all pixels as they are stored.
    """

    name: str
    media_type: str
    colours: str = "RGB "
    inks: ToRgb | None = None

    def __init__(self, width: int, height: int, orientation: int = UPRIGHT) -> None:
        self.width = width
        self.height = height
        self.orientation = orientation

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        turned = self.orientation in QUARTER_TURNED
        return (self.height, self.width) if turned else (self.width, self.height)

    @property
    @abstractmethod
    def check_bytes(self) -> int:
        """What check costs."""

    @property
    @abstractmethod
    def decoding_bytes(self) -> int:
        """What bands costs until the first band comes."""

    @property
    @abstractmethod
    def holding_bytes(self) -> int:
        """What bands costs while they come, without what the caller keeps of them."""

    @property
    def rgb_bytes(self) -> int:
        """What reading into an array costs, three bytes a pixel, and turning that upright."""
        turned = 3 * self.pixels if self.orientation != UPRIGHT else 0
        read = max(self.decoding_bytes, self.holding_bytes + 3 * self.pixels)
        return max(read, 3 * self.pixels + turned)

    def reduced_bytes(self, factor: int) -> int:
        """Return what rgb_bytes is for reduced_bands."""
        kept = 3 * -(-self.width // factor) * -(-self.height // factor)
        turned = kept if self.orientation != UPRIGHT else 0
        return max(self.decoding_bytes, self.holding_bytes + kept, kept + turned)

    @property
    def copy_bytes(self) -> int:
        """What an upright copy costs: the picture in Pillow, and again while it is turned."""
        read = max(self.decoding_bytes, self.holding_bytes + 4 * self.pixels)
        return max(read, 8 * self.pixels + MAX_PICTURE_BYTES)

    def read_profile(self) -> bytes:
        """Return the ICC profile; empty where there is none, or it is cut off or too large."""
        return b""

    def confirm(self) -> None:  # noqa: B027 - most formats have nothing to confirm
        """Refuse a header that makes no sense although the picture's size is allowed."""

    @abstractmethod
    def check(self) -> None:
        """Raise Undecodable unless the picture is complete."""

    @abstractmethod
    def bands(self) -> "Iterator[Band]":
        """Yield the pixels from top to bottom, as on white paper. Raises Undecodable."""

    def reduced_bands(self, factor: int) -> "Iterator[Band]":
        """
        Yield bands whose pixels are means of factor times factor pixels. Raises Undecodable.

        The last row and column are means of what is left.
        """
        from circles_pictures.reducing import reduce_bands

        return reduce_bands(self.bands(), factor, self.height)

    def copy_of_check(self) -> bytes | None:
        """Return the upright JPEG where checking makes it anyway, or else only check."""
        self.check()
        return None

    def image(self) -> "Image":
        """Return the picture as stored, in mode L or RGB. Raises Undecodable."""
        from PIL import Image

        canvas = None
        for top, band in self.bands():
            if canvas is None:  # the first band comes after the decoder's peak
                canvas = Image.new("RGB", (self.width, self.height))
            canvas.paste(band, (0, top))
        assert canvas
        return canvas

    def upright_jpeg(self) -> bytes:
        """Return a copy as must_be_copied says. Raises Undecodable, TooLarge."""
        from circles_pictures.upright import encode

        return encode(self.image(), self.orientation)

    @property
    def must_be_copied(self) -> bool:
        """Whether a detector that knows nothing of orientations or rare formats needs a copy."""
        return self.orientation != UPRIGHT
