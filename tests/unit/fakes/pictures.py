"""Fake Pictures port that decodes nothing."""

from contextlib import contextmanager
from dataclasses import replace

from circles.domain.errors import UnsupportedPicture
from circles.domain.pictures import Picture
from tests.unit.fakes.faults import Faults


class FakePictures(Faults):
    """Accept data that starts with b"picture". Then a digit is the orientation, "$" is costly."""

    port = "pictures"

    def read(self, data):
        self.reach("read")
        if not data.startswith(b"picture"):
            raise UnsupportedPicture("This is not a picture.")
        turned = data[7:8]
        return Picture(
            data,
            "image/jpeg",
            width=80,
            height=60,
            orientation=int(turned) if turned.isdigit() else 1,
            costly=turned == b"$",
        )

    @contextmanager
    def hold(self, size_bytes):
        yield

    def upright(self, picture):
        self.reach("upright")
        return replace(picture, data=b"upright " + picture.data, orientation=1)
