"""The registry of the smoke test's steps. They run in the order of their imports."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from urllib.parse import urlsplit

import requests
from PIL import Image
from skimage import data

from cluster import SERVING, first_token, get

LIST_PATH = re.compile(r"/images(/[^/]+/objects)?/?(\?.*)?")
"""What the gateway sends to list; manifests/local/Caddyfile has the same rule."""
EXPORT_PATH = re.compile(
    r"(/images/[^/]+/(thumbnail|overlay|objects/[^/]+/crop)|/export|/stats|/batches/[^/]+)/?(\?.*)?"
)
"""What it sends to export."""


@dataclass(frozen=True)
class System:
    """
    The deployed system, called by gateway or by Knative routes.

    Args:
        gateway: Its URL; None calls each function by its own route.
        ingress: URL that serves Knative's host names, if they do not resolve by themselves.
    """

    gateway: str | None
    ingress: str | None

    @cached_property
    def picture(self) -> bytes:
        """Return scikit-image's photograph of 24 coins as PNG."""
        encoded = BytesIO()
        Image.fromarray(data.coins()).save(encoded, "PNG")
        return encoded.getvalue()

    @property
    def credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {first_token()}"}

    def request(self, method: str, path: str, timeout_s: float = 95.0, **options):
        """Send a request the chosen way."""
        options["headers"] = {**options.pop("headers", {}), **self.credentials}
        if self.gateway is None:
            return self.ask_route(function_of(method, path), path, method, timeout_s, **options)
        return requests.request(method, self.gateway + path, timeout=timeout_s, **options)

    def get(self, path: str) -> requests.Response:
        return self.request("GET", path)

    def upload(self, picture: bytes | None = None, key: str | None = None) -> requests.Response:
        """Upload a picture, the photograph of coins unless another is given."""
        headers = {"Idempotency-Key": key} if key else {}
        files = {"file": ("coins.png", picture or self.picture)}
        return self.request("POST", "/images/", files=files, headers=headers)

    def ask_route(
        self, function: str, path: str, method: str = "GET", timeout_s: float = 95.0, **options
    ) -> requests.Response:
        """Send a request to a function's own Knative route."""
        url = route(function)
        headers = {**self.credentials, **options.pop("headers", {}), "Host": urlsplit(url).netloc}
        address = (self.ingress or url) + path
        return requests.request(method, address, headers=headers, timeout=timeout_s, **options)


@cache
def route(function: str) -> str:
    """Return the URL of a function's Knative Service."""
    return get(SERVING, function)["status"]["url"]


def function_of(method: str, path: str) -> str:
    """Return the function that the gateway would choose."""
    if method in ("POST", "DELETE"):
        return "upload"
    if EXPORT_PATH.fullmatch(path):
        return "export"
    return "list" if LIST_PATH.fullmatch(path) else "detail"


STEPS = []


def step(name: str):
    """
    Register a step.

    It gets the System and returns the table's text. It fails by AssertionError or RuntimeError.
    """

    def register(check):
        STEPS.append((name, check))
        return check

    return register
