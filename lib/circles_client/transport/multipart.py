"""A form with one file, read while it is sent (RFC 7578)."""

import io
import os
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import BinaryIO

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\r": " ", "\n": " "}
"""In a quoted string a backslash escapes (RFC 9110, section 5.6.4); a header has no line ends."""


class FormWithFile(io.RawIOBase):
    """
    The body of a form with a file, behind other fields if there are any.

    It is read in pieces, so that memory does not grow with the file, and can be rewound, so that
    urllib3 can send it again. The file belongs to the caller.
    """

    def __init__(
        self, file: BinaryIO, name: str, fields: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        texts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'
            for field, text in fields.items()
        )
        disposition = f'form-data; name="file"; filename="{quote_file_name(name)}"'
        head = (
            f"{texts}--{boundary}\r\nContent-Disposition: {disposition}\r\n"
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._parts: list[BinaryIO] = [
            io.BytesIO(head.encode()),
            file,
            io.BytesIO(f"\r\n--{boundary}--\r\n".encode()),
        ]
        self._sizes = [part.seek(0, os.SEEK_END) for part in self._parts]
        self._position = 0
        self.seek(0)

    def __len__(self) -> int:
        return sum(self._sizes)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset from the beginning; other origins are not needed by HTTP."""
        if whence != os.SEEK_SET:
            raise io.UnsupportedOperation("only from the beginning")
        self._position = offset
        for part, size in zip(self._parts, self._sizes, strict=True):
            part.seek(min(max(offset, 0), size))
            offset -= size
        return self._position

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill buffer from the next part that has bytes left."""
        for part, size in zip(self._parts, self._sizes, strict=True):
            left = size - part.tell()
            if left > 0 and (piece := part.read(min(len(buffer), left))):
                buffer[: len(piece)] = piece
                self._position += len(piece)
                return len(piece)
        return 0


def shown_name(name: str) -> str:
    """Return a file name as text; bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def quote_file_name(name: str) -> str:
    """Return a file name for a quoted string."""
    return "".join(_ESCAPES.get(each, each) for each in shown_name(name))
