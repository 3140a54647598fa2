"""Find where coded data ends that has no end marker."""

_UNWRITTEN_BYTES = 512
_PADDING_BYTES = 4096


def end_of_coded(data: bytes, start: int) -> int:
    """
    Return where coded data ends that has no end marker.

    Many zeros behind it are what a disk had not written yet. FF alone is half a marker; FF and 00
    are a coded FF.
    """
    end = _stripped(data, start, len(data), b"\0")
    if len(data) - end < _UNWRITTEN_BYTES:
        return _stripped(data, start, len(data), b"\xff")
    return end + (data[end - 1] == 0xFF)


def _stripped(data: bytes, start: int, end: int, padding: bytes) -> int:
    """Return the end without a padding: whole pieces of it are compared, which is fast."""
    piece = padding * _PADDING_BYTES
    while data.endswith(piece, start, end):
        end -= len(piece)
    rest = data[max(start, end - len(piece)) : end]
    return end - len(rest) + len(rest.rstrip(padding))
