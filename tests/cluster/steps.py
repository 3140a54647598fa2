"""The smoke test's steps register here and run in the order in which their files are imported."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from urllib.parse import urlsplit

import requests
from PIL import Image
from skimage import data

from cluster import SERVING, get


@dataclass(frozen=True)
class System:
    """The deployed system. ingress: where Knative's own hosts are answered, if they do not lead there by themselves."""

    gateway: str
    ingress: str | None

    @cached_property
    def picture(self) -> bytes:
        """scikit-image's photograph of 24 coins, as PNG."""
        encoded = BytesIO()
        Image.fromarray(data.coins()).save(encoded, "PNG")
        return encoded.getvalue()

    def ask_route(self, service: str, path: str, **options) -> requests.Response:
        """Ask a function by its own Knative route."""
        url = get(SERVING, service)["status"]["url"]
        headers = {**options.pop("headers", {}), "Host": urlsplit(url).netloc}
        method = options.pop("method", "GET")
        return requests.request(method, (self.ingress or url) + path, headers=headers, timeout=95, **options)


STEPS = []


def step(name: str):
    """Register a step: it gets the System, raises AssertionError or RuntimeError, and returns what the table says."""

    def register(check):
        STEPS.append((name, check))
        return check

    return register
