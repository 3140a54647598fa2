"""Read files from multipart/form-data bodies (RFC 7578)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.sansio import multipart

from circles.domain.errors import Malformed, TooLarge
from circles.domain.images import clean_file_name

# Larger pieces are slower: a piece with a boundary is searched with a regular expression
_PIECE = 32 * 1024
_MAX_BOUNDARY = 200  # RFC 2046, section 5.1.1 allows 70; some clients' are longer
_MAX_PARTS = 1000
_NAME = re.compile(r';\s*filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class FormFile:
    """A part of a form, with its file name if it has one."""

    data: bytes
    name: str | None


def read_form_file(request: Request, field: str, max_bytes: int) -> FormFile:
    """
    Return the form's only part with this name.

    It needs no file name (RFC 7578, section 4.2).

    Raises:
        Malformed: there is no such part or more than one, or the form is cut off.
        TooLarge: the part has more than max_bytes.
    """
    data, names = BytesIO(), []
    wanted = False
    for event in _events(request):
        if isinstance(event, multipart.Field | multipart.File):
            wanted = event.name == field
            names += [_file_name(event)] if wanted else []
        elif isinstance(event, multipart.Data) and wanted and len(names) == 1:
            data.write(event.data)
            check_size(data.tell(), max_bytes)
    if len(names) != 1:
        raise Malformed(f'The form must have one file in the field "{field}"; it has {len(names)}.')
    return FormFile(data.getvalue(), names[0])


def check_size(size_bytes: int, max_bytes: int) -> None:
    """Raise TooLarge for more than max_bytes."""
    if size_bytes > max_bytes:
        # The size is unknown: of a body without a length only the beginning was read.
        raise TooLarge(f"The picture is too large; at most {max_bytes:,} bytes are taken.")


def _events(request: Request) -> Iterator[multipart.Event]:
    """Decode the form in pieces. Raises Malformed."""
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    if not 0 < len(boundary) <= _MAX_BOUNDARY:
        raise Malformed("The form's Content-Type must tell a boundary, of at most 200 characters.")
    decoder, parts, more = multipart.MultipartDecoder(boundary), 0, True
    try:
        while more:
            piece = request.stream.read(_PIECE)
            more = bool(piece)
            decoder.receive_data(piece or None)
            while not isinstance(event := decoder.next_event(), multipart.NeedData):
                parts += isinstance(event, multipart.Field | multipart.File)
                if parts > _MAX_PARTS:
                    raise Malformed(f"A form may have at most {_MAX_PARTS:,} parts.")
                yield event
                if isinstance(event, multipart.Epilogue):
                    return
    except ValueError as error:
        raise Malformed("The form is cut off, or one of its parts cannot be read.") from error


def _file_name(part: multipart.Field | multipart.File) -> str | None:
    """
    Return the file name of a part.

    In a quoted string a backslash escapes the next character, and yet some programs send
    C:\\pics\\a.png unescaped: only an escaped quote or backslash is unescaped here.
    """
    headers: Headers = part.headers
    if found := _NAME.search(headers.get("Content-Disposition", "")):
        return clean_file_name(_ESCAPED.sub(r"\1", found[1]))
    return clean_file_name(part.filename) if isinstance(part, multipart.File) else None
