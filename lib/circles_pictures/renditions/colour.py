"""Make sRGB of pixels, as the picture's ICC profile says. Only this module uses LittleCMS."""

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from circles_pictures.limits import MIB
from circles_pictures.renditions.profiles import check_profile
from circles_pictures.source import Source, ToRgb

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Pillow's modes by ICC's names of colour spaces."""
_COPIES = 6
"""Of a profile: as it is embedded, joined, LittleCMS's own, and its tables in 16 bits."""
_TABLE_BYTES = 4 * MIB
"""What LittleCMS computes of a profile: at most 33 x 33 x 33 or 17 x 17 x 17 x 17 colours."""
_LEVELS = range(0, 256, 51)
_UNSEEN = 1
"""A difference in levels that rounding makes."""


def prepare_colours(source: Source) -> ToRgb:
    """
    Return what makes sRGB of the RGB that a source yields, in place where that is possible.

    From then on the source makes sRGB of inks itself. Pixels stay as they are where the profile is
    missing, broken, too large or of another colour space, and where it makes no difference.
    """
    transform = _read_transform(source)
    if transform is None:
        return _keep
    if source.colours == "CMYK":
        source.inks = transform.apply
        return _keep
    if source.colours == "GRAY":
        return _tabulate(transform)
    return transform.apply_in_place if _makes_a_difference(transform) else _keep


def count_colour_bytes(source: Source) -> int:
    """Return what prepare_colours takes, in bytes."""
    profile_bytes = len(source.read_profile())
    return _COPIES * profile_bytes + _TABLE_BYTES if profile_bytes else 0


def _read_transform(source: Source) -> "ImageCmsTransform | None":
    """Return a transform to sRGB that keeps colours (media-relative) and scales black to black."""
    profile = check_profile(source.read_profile(), source.colours)
    if profile is None:
        return None
    from PIL import ImageCms  # most pictures have no profile

    try:
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return ImageCms.ImageCmsTransform(
            embedded,
            srgb,
            _MODES[source.colours],
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,  # others may show another scene than was taken
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (OSError, ValueError):  # it cannot be opened, or tells too little
        return None


def _keep(image: Image.Image) -> Image.Image:
    return image


def _tabulate(transform: "ImageCmsTransform") -> ToRgb:
    """Return what looks up each of the 256 greys."""
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    red, green, blue = transform.apply(ramp).split()
    table = [*red.tobytes(), *green.tobytes(), *blue.tobytes()]
    return lambda image: image.point(table)


def _makes_a_difference(transform: "ImageCmsTransform") -> bool:
    """Try some colours: most profiles are sRGB, whose pixels stay exactly as they are."""
    colours = bytes(
        each
        for red in _LEVELS
        for green in _LEVELS
        for blue in _LEVELS
        for each in (red, green, blue)
    )
    before = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    after = transform.apply(before).tobytes()
    return any(abs(new - old) > _UNSEEN for old, new in zip(colours, after, strict=True))
