"""Keep exports only if they are whole."""

from collections.abc import Iterable, Iterator

from circles_client.errors import Incomplete

FORMATS = {
    "csv": "csv",
    "csv-images": "csv",
    "coco": "json",
    "yolo": "zip",
    "label-studio": "json",
    "xlsx": "xlsx",
    "report": "html",
}
"""The formats of GET /export, and how their files end."""

_ARCHIVE_END = b"PK\x05\x06"
"""An archive, and a workbook, ends with its directory (APPNOTE.TXT, 4.3.16)."""
_MARKS = {
    "csv": b"# complete: ",
    "json": b'"complete":',
    "zip": _ARCHIVE_END,
    "xlsx": _ARCHIVE_END,
    "html": b"</html>",
}
_TAIL_BYTES = 4096


def check_whole(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """
    Yield the pieces of an export, and raise Incomplete unless its end says that it is complete.

    A server that fails breaks the connection, but a proxy may make a usual end of that.
    """
    tail = b""
    for piece in pieces:
        tail = (tail + piece)[-_TAIL_BYTES:]
        yield piece
    is_empty_list = name == "label-studio" and tail.strip() == b"[]"
    if _MARKS[FORMATS[name]] not in tail and not is_empty_list:
        raise Incomplete(
            f"The export broke off: its end does not say that it is complete ({name})."
        )
