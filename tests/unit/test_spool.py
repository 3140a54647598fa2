"""Temporary files of a store take no more than their room."""

import pytest

from circles.adapters.spool import Spool
from circles.domain.errors import Unavailable


def fill(spool, size):
    with spool.filled(size) as file:
        file.write(b"x" * size)
    return file


def test_filled_file_is_at_its_beginning():
    with fill(Spool(), 600_000) as file:
        assert file.read() == b"x" * 600_000


def test_files_share_the_room():
    spool = Spool(max_bytes=100)
    first = fill(spool, 60)

    with pytest.raises(Unavailable):
        fill(spool, 41)
    second = fill(spool, 40)
    first.close()
    first.close()  # gives its room back once

    with pytest.raises(Unavailable):
        fill(spool, 61)
    fill(spool, 60).close()
    second.close()


def test_failed_filling_gives_the_room_back():
    spool = Spool(max_bytes=100)

    with pytest.raises(KeyError), spool.filled(100) as file:
        raise KeyError
    assert file.closed
    fill(spool, 100).close()
