"""What an object key may look like, for every store: S3's limit, and nothing that can leave a folder."""

from circles.errors import Malformed

MAX_KEY_BYTES = 1024
"""Amazon S3 User Guide, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8."""


def check_key(key: str) -> str:
    """Return key. Raises Malformed where it is absolute, no UTF-8, too long, or has an empty, "." or ".." segment or a
    NUL."""
    segments = key.split("/")
    if "\0" in key or any(segment in ("", ".", "..") for segment in segments):
        raise Malformed("An object key is a relative path without empty, '.' or '..' segments.")
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise Malformed("An object key is UTF-8.") from error
    if size_bytes > MAX_KEY_BYTES:
        raise Malformed(f"An object key has at most {MAX_KEY_BYTES} bytes.")
    return key
