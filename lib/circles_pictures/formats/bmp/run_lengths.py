"""Run lengths of a BMP with 8 or 4 bits a pixel. Pillow's own code takes several times as long."""

from circles_pictures.errors import TooLarge, Undecodable
from circles_pictures.limits import MAX_BMP_RUNS

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2


def unpack(data: bytes, width: int, height: int, *, four_bits: bool) -> bytearray:
    """
    Return an index a pixel, in the file's order of rows; 0 where the file skips some.

    Raises Undecodable where the data ends before the bitmap does, TooLarge for too many runs.
    """
    pixels, x, y, at = bytearray(width * height), 0, 0, 0
    runs = [_run(value, four_bits) for value in range(256)]
    left = MAX_BMP_RUNS
    while y < height and at + 2 <= len(data):
        left -= 1
        if left < 0:
            raise TooLarge(f"The BMP has more than {MAX_BMP_RUNS:,} runs: save it as PNG.")
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            run = runs[value][: min(count, max(width - x, 0))]
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
            continue
        elif value == _END_OF_BITMAP:
            return pixels
        elif value == _DELTA:
            right, down = (data[at : at + 2] + b"\0\0")[:2]
            x, y, at = x + right, y + down, at + 2
            continue
        else:
            run, at = _literal(data, at, value, four_bits)
            run = run[: max(width - x, 0)]
        start = y * width + x
        pixels[start : start + len(run)] = run
        x += len(run)
    if y < height - 1 or (y < height and x < width):
        raise Undecodable("The BMP is cut off or damaged.")
    return pixels


def _run(value: int, four_bits: bool) -> bytes:
    """Return the longest run of a value; of 4 bits it holds two that alternate."""
    return bytes([value >> 4, value & 15]) * 128 if four_bits else bytes([value]) * 255


def _literal(data: bytes, at: int, count: int, four_bits: bool) -> tuple[bytes, int]:
    """Return count indices from a place on, and where they end, padded to 16 bits."""
    size = (count + 1) // 2 if four_bits else count
    packed = data[at : at + size]
    if four_bits:
        packed = bytes(half for byte in packed for half in (byte >> 4, byte & 15))[:count]
    return packed, at + size + size % 2
