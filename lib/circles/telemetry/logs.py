"""How log lines look and where they go."""

import logging
import sys


def configure_logging(level: str) -> None:
    """Write one readable line per event to standard output. functions-framework configures no logging at all."""
    root = logging.getLogger("circles")
    root.setLevel(level)
    if not root.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        root.addHandler(handler)
        root.propagate = False
