"""How a TIFF's page keeps its pixels, read strictly."""

from dataclasses import dataclass

from circles_pictures.errors import TooLarge, Undecodable, UnsupportedKind
from circles_pictures.formats.jpeg.markers import Markers
from circles_pictures.formats.jpeg.segments import read_small_header
from circles_pictures.formats.tiff.tags import Directory, Numbers
from circles_pictures.limits import (
    MAX_TIFF_JPEG_SEGMENTS,
    MAX_TIFF_JPEGS,
    MAX_TIFF_PIECES,
    MAX_TIFF_SHARING,
    MIB,
)

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_SIZES, PLANAR, PREDICTOR = (
    273,
    277,
    278,
    279,
    284,
    317,
)
PALETTE, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES = 320, 322, 323, 324, 325
INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT = 332, 338, 339
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
NO_COMPRESSION, OLD_JPEG, JPEG = 1, 6, 7
_COMPRESSIONS = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000}
"""What Pillow's libtiff unpacks: 2 to 4 are CCITT's, 32773 PackBits, 34925 LZMA, 50000 Zstd."""
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
"""By photometric interpretation: white is zero, black is zero, RGB, palette, ink, YCbCr, Lab."""
_ALPHA = ((1,), (2,))
"""Associated and unassociated alpha, in the tag of extra samples."""
_PADDING = 4
"""Limit of the pixels of all pieces together, in pictures: tiles extend beyond its edges …"""
_PADDING_BYTES = 64 * MIB
"""… and what is added to it, because a small picture may be in one large tile."""


@dataclass(frozen=True, slots=True)
class Layout:
    """
    bits is of one sample, all alike; extra has the kinds of the samples behind the colours.

    A piece is a tile or strip of piece_width x piece_height pixels: of all samples, or, where
    planes are apart, of one. offsets and sizes are theirs in the file.
    """

    page: Directory
    width: int
    height: int
    bits: int
    samples: int
    sample_format: int
    photometric: int
    compression: int
    predictor: int
    fill_order: int
    apart: bool
    extra: tuple[int, ...]
    tiled: bool
    piece_width: int
    piece_height: int
    offsets: Numbers
    sizes: Numbers

    @property
    def order(self) -> str:
        return self.page.order

    @property
    def colours(self) -> int:
        """Samples that are no extra ones."""
        return min(_COLOURS.get(self.photometric, self.samples), self.samples)

    @property
    def has_alpha(self) -> bool:
        """Whether the first extra sample is alpha; that of inks is not looked at."""
        return self.colours < self.samples and self.photometric != 5 and self.extra[:1] in _ALPHA

    @property
    def samples_read(self) -> int:
        """Samples a pixel that are unpacked; planes that mean nothing are left."""
        return self.colours + self.has_alpha if self.apart else self.samples

    @property
    def samples_per_piece(self) -> int:
        return 1 if self.apart else self.samples

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of a piece, unpacked."""
        return (self.piece_width * self.samples_per_piece * self.bits + 7) // 8

    @property
    def piece_bytes(self) -> int:
        return self.row_bytes * self.piece_height

    @property
    def across(self) -> int:
        """Pieces side by side."""
        return -(-self.width // self.piece_width)

    @property
    def down(self) -> int:
        """Pieces below each other."""
        return -(-self.height // self.piece_height)


def read_layout(page: Directory) -> Layout:
    """Raises Undecodable, UnsupportedKind."""
    compression = page.number(COMPRESSION, NO_COMPRESSION)
    if compression not in _COMPRESSIONS:
        raise UnsupportedKind(f"This kind of TIFF is not read: compression {compression}.")
    width, height = page.number(WIDTH, 0), page.number(HEIGHT, 0)
    if width < 1 or height < 1:
        raise Undecodable("The TIFF's header is cut off or damaged.")
    photometric = page.number(PHOTOMETRIC, 0)
    samples = page.number(SAMPLES, 3 if compression == OLD_JPEG and photometric in (2, 6) else 1)
    tiled = TILE_OFFSETS in page.places and STRIP_OFFSETS not in page.places
    rows = page.number(ROWS_PER_STRIP, height) or height
    return Layout(
        page=page,
        width=width,
        height=height,
        bits=_same(page.numbers(BITS, (1,), most=samples), "bits"),
        samples=samples,
        sample_format=_same(page.numbers(SAMPLE_FORMAT, (UNSIGNED,), most=samples), "forms"),
        photometric=photometric,
        compression=compression,
        predictor=page.number(PREDICTOR, 1),
        fill_order=page.number(FILL_ORDER, 1),
        apart=page.number(PLANAR, 1) == 2 and samples > 1,
        extra=tuple(page.numbers(EXTRA_SAMPLES, most=samples)),
        tiled=tiled,
        piece_width=page.number(TILE_WIDTH, 0) if tiled else width,
        piece_height=page.number(TILE_HEIGHT, 0) if tiled else min(rows, height),
        offsets=page.numbers(TILE_OFFSETS if tiled else STRIP_OFFSETS),
        sizes=page.numbers(TILE_SIZES if tiled else STRIP_SIZES),
    )


def _same(values: Numbers, what: str) -> int:
    if len(set(values)) != 1:
        raise UnsupportedKind(f"This kind of TIFF is not read: its channels have different {what}.")
    return values[0]


def check_pieces(layout: Layout) -> None:
    """Raise Undecodable, TooLarge for strips or tiles that make no sense."""
    if layout.piece_width < 1 or layout.piece_height < 1 or not 1 <= layout.samples <= 64:
        raise Undecodable("The TIFF's header is cut off or damaged.")
    count = layout.across * layout.down * (layout.samples if layout.apart else 1)
    most = MAX_TIFF_JPEGS if layout.compression == JPEG else MAX_TIFF_PIECES
    if count > most:
        raise TooLarge(f"The TIFF has {count:,} strips or tiles; at most {most:,} are read.")
    packed = layout.compression != NO_COMPRESSION
    sizes_needed = count if layout.sizes or (packed and count > 1) else 0
    if len(layout.offsets) < count or len(layout.sizes) < sizes_needed:
        raise Undecodable("The TIFF is cut off or damaged.")
    picture = layout.width * layout.height * layout.samples * layout.bits // 8
    if count * layout.piece_bytes > _PADDING * picture + _PADDING_BYTES:
        raise TooLarge("The TIFF's tiles are far larger than its picture.")
    shared = sum(layout.sizes[:count])
    if packed and shared > MAX_TIFF_SHARING * len(layout.page.data):
        raise TooLarge("The TIFF's strips or tiles lie over each other.")
    if layout.compression == JPEG:
        _refuse_buffering(layout, count)


def _refuse_buffering(layout: Layout, count: int) -> None:
    """Refuse a progressive JPEG inside, or one of several scans: libjpeg would keep all of it."""
    data, header = layout.page.data, None
    sizes, markers = layout.sizes or [len(data)], Markers(data, MAX_TIFF_JPEG_SEGMENTS)
    for at, size in zip(layout.offsets[:count], sizes[:count], strict=True):
        end = min(at + size, len(data))
        if header is None or not data.startswith(header, at, end):  # most have the same one
            header = read_small_header(data, markers, at, end)
