"""Test the space of one table: it grows, is limited, and comes back."""

import tempfile

import pytest

from circles.adapters.spool import Spool as Files
from circles.domain.errors import NotPossible, StorageFull, Unavailable
from circles.usecases.exports.spool import Room, Spool

MIB = 1024 * 1024


def test_text_is_read_back_and_its_space_released():
    files = Files(8 * MIB)
    with Room(files, 8 * MIB) as room, Spool(room) as spool:
        for _ in range(5):
            spool.write("ü" * (MIB // 2))
        spool.seek(0)
        assert spool.read() == "ü" * (5 * MIB // 2)
        with pytest.raises(Unavailable):
            files.take(1)

    files.take(8 * MIB)


def test_table_beyond_its_limit_is_not_possible():
    files = Files(8 * MIB)
    with Room(files, MIB) as room, Spool(room) as spool:
        spool.write("x" * MIB)
        with pytest.raises(NotPossible):
            spool.write("x")

    files.take(8 * MIB)


def test_space_of_others_is_unavailable():
    files = Files(8 * MIB)
    files.take(5 * MIB)
    with Room(files, 8 * MIB) as room, Spool(room) as spool, pytest.raises(Unavailable):
        spool.write("x")

    files.take(3 * MIB)


def test_full_disk_is_storage_full(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with Room(Files(), 8 * MIB) as room, Spool(room) as spool, pytest.raises(StorageFull):
        spool.write("x" * MIB)
