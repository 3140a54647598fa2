"""Format log lines and write them to standard output."""

import logging
import re
import sys
from types import TracebackType

_INDENT = "    "
_SECRET = re.compile(r"(?<=cr[cs]_)\w+")
"""Tokens and sessions, as domain/access/tokens.py writes them."""

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_logging(level: str) -> None:
    """
    Write one readable line per event to standard output.

    functions-framework does not configure logging.
    """
    root = logging.getLogger("circles")
    root.setLevel(level)
    if not root.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(LineFormatter())
        root.addHandler(handler)
        root.propagate = False


class LineFormatter(logging.Formatter):
    """
    Write a record as one line, and its traceback indented.

    Control characters are escaped: a client's path, a file name or a predictor's answer may hold
    line ends, and must not begin a line of its own. Tokens are removed.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        return escape(super().formatMessage(record))

    def formatException(self, ei: _ExcInfo) -> str:
        """Return the lines of a traceback."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(_INDENT + escape(line) for line in lines)


def escape(text: str) -> str:
    """Return text without tokens, and with unprintable characters escaped as in a string."""
    if "crc_" in text or "crs_" in text:
        text = _SECRET.sub("…", text)
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
