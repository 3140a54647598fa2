"""Tell a picture's format by its content, read its header, and refuse what would cost too much."""

from collections.abc import Callable
from importlib import import_module

from circles_pictures.errors import TooLarge, Undecodable, UnsupportedKind
from circles_pictures.limits import MAX_DECODING_BYTES, MAX_PIXELS, MAX_SIDE_PX, MAX_SIDE_RATIO
from circles_pictures.source import Source

FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF_BRANDS |= {b"avif", b"avis", b"mif1", b"msf1", b"miaf"}
"""Major brands of HEIC and AVIF; the last three are containers, and what is inside decides."""
_HEADS = {
    b"\xff\xd8\xff": ("jpeg", "JpegSource"),
    b"\x89PNG\r\n\x1a\n": ("png", "PngSource"),
    b"GIF87a": ("gif", "GifSource"),
    b"GIF89a": ("gif", "GifSource"),
    b"BM": ("bmp", "BmpSource"),
}
_HEADS |= dict.fromkeys(
    (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+"), ("tiff", "TiffSource")
)


def open_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Source:
    """
    Read the header; nothing is decoded yet.

    Raises:
        UnsupportedKind: the bytes are not a picture of a kind that is read.
        TooLarge: pixels, sides, or the memory or time that decoding would take.
        Undecodable: the header is damaged or cut off.
    """
    source = _reader(data)(data)
    _check_size(source, max_pixels)
    return source


def _reader(data: bytes) -> Callable[[bytes], Source]:
    """Import a format's module when the first picture of it comes."""
    name, reader = _format(data)
    module = import_module(f"circles_pictures.formats.{name}")
    read: Callable[[bytes], Source] = getattr(module, reader)
    return read


def _format(data: bytes) -> tuple[str, str]:
    for head, reader in _HEADS.items():
        if data.startswith(head):
            return reader
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp", "WebpSource"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "heif", "HeifSource"
    raise UnsupportedKind(f"The content is not a picture that is read here: send a {FORMATS}.")


def _check_size(source: Source, max_pixels: int) -> None:
    width, height = source.upright_size
    if width < 1 or height < 1:
        raise Undecodable(f"The {source.name} has no pixels.")
    size = f"The picture has {width} x {height} pixels"
    if max(width, height) > MAX_SIDE_PX:
        raise TooLarge(f"{size}; at most {MAX_SIDE_PX:,} a side are taken.")
    if max(width, height) > MAX_SIDE_RATIO * min(width, height):
        raise TooLarge(f"{size}; one side may be {MAX_SIDE_RATIO:,} times the other.")
    if width * height > max_pixels:
        raise TooLarge(f"{size}; at most {max_pixels:,} are taken.")
    source.confirm()
    cost = max(source.check_bytes, source.rgb_bytes)
    if source.must_be_copied:
        cost = max(cost, source.copy_bytes)
    if cost > MAX_DECODING_BYTES:
        raise TooLarge(
            f"{size} and would take {cost / 2**20:,.0f} MiB of memory to read;"
            f" at most {MAX_DECODING_BYTES / 2**20:,.0f} are given. Send it smaller or as JPEG."
        )
