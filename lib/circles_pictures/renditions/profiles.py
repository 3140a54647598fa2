"""
What is checked of an ICC profile before LittleCMS reads it (ICC.1:2022, 7.2 and 7.3).

LittleCMS copes with what is broken. Left to be refused is what has no bound in time: everything
but multi-process elements takes the time of its tables, which are no longer than the profile.
"""

import struct

_HEADER_BYTES = 128
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
"""Profiles of one device or space. Links, abstract ones and named colours describe no pixels."""
_CONNECTIONS = (b"XYZ ", b"Lab ")
_NEWEST = 4
_MAX_TAGS = 100
"""As in LittleCMS."""
_TAG_BYTES = 12
_HIDDEN = b"hide"
_MULTI_PROCESS = tuple(f"{way}{intent}".encode() for way in ("D2B", "B2D") for intent in range(4))


def check_profile(profile: bytes, colours: str) -> bytes | None:
    """
    Return a profile to open, None for one that is broken or of pixels in another colour space.

    Its tags of multi-process elements are hidden: every profile has plain ones, too (ICC.1:2022,
    8.3 to 8.5).
    """
    if len(profile) < _HEADER_BYTES + 4:
        return None
    (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    known = (
        profile[36:40] == b"acsp"
        and profile[8] <= _NEWEST
        and profile[12:16] in _CLASSES
        and profile[16:20] == colours.encode()
        and profile[20:24] in _CONNECTIONS
        and 1 <= count <= _MAX_TAGS
    )
    return _hide_elements(profile, count) if known else None


def _hide_elements(profile: bytes, count: int) -> bytes:
    start = _HEADER_BYTES + 4
    places = range(start, start + _TAG_BYTES * count, _TAG_BYTES)
    found = [at for at in places if profile[at : at + 4] in _MULTI_PROCESS]
    if not found:
        return profile
    changed = bytearray(profile)
    for number, at in enumerate(found):  # no name may come twice
        changed[at : at + 4] = _HIDDEN[:3] + bytes([number])
    return bytes(changed)
