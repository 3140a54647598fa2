"""Temporary files of a store take no more than their room."""

import tempfile

import pytest

from circles.adapters.spool import MAX_BYTES, Spool
from circles.domain.errors import StorageFull, Unavailable


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


def test_with_block_gives_the_room_back():
    spool = Spool(max_bytes=100)
    for size in (100, 100):
        with fill(spool, size) as file:
            assert file.give_back_rest() == size

    with spool.filled(100) as file:
        file.write(b"x" * 30)
    assert file.give_back_rest() == 30
    with file:
        fill(spool, 70).close()
    fill(spool, 100).close()


def test_full_disk_is_storage_full(monkeypatch, tmp_path):
    spool = Spool()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))

    with pytest.raises(StorageFull):
        fill(spool, 600_000)
    monkeypatch.undo()
    fill(spool, MAX_BYTES // 1024).close()  # its room is free again
    assert spool._held_bytes == 0
