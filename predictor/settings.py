"""Read the settings from environment variables, PREDICTOR_<NAME IN CAPITALS>."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from predictor.cores import count_usable_cores

PREFIX = "PREDICTOR_"


class SettingsError(Exception):
    """A variable has an unusable value. The message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All settings with their defaults. Numbers are at least 1; port 0 takes a free port.

    PORT is read where PREDICTOR_PORT is absent, because Knative sets it.
    """

    host: str = "0.0.0.0"
    port: int = 8080
    model_name: str = "circles"
    token: str = field(default="", repr=False)
    """Predictions need it as a Bearer token, if it is set."""
    max_body_bytes: int = 48 * 1024 * 1024
    """Limit for one request. All together are limited by the memory of the process."""
    max_pixels: int = 50_000_000
    """Width times height of one picture."""
    max_instances: int = 16
    """Limit of pictures in one request."""
    max_objects: int = 1000
    """Limit of circles for one picture: the default, and the most that a request may set."""
    max_waiting: int = 64
    """Requests that may queue behind the running ones. The next one gets a 503."""
    body_timeout_s: float = 60.0
    """Timeout for receiving the body of one request."""
    drain_timeout_s: float = 30.0
    """Timeout for finishing requests after SIGTERM."""
    concurrency: int = field(default_factory=count_usable_cores)
    """Requests that are processed in parallel."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the settings from env. Raises SettingsError for a wrong type or range."""
        given = {each.name: (each, env.get(PREFIX + each.name.upper(), "")) for each in fields(cls)}
        # A Kubernetes Service called "predictor" puts PREDICTOR_PORT=tcp://... into every pod of
        # its namespace.
        port, text = given["port"]
        if not text or text.startswith("tcp://"):
            given["port"] = port, env.get("PORT", "")
        return cls(**{name: _parse(each, text) for name, (each, text) in given.items() if text})


def _parse(setting: Field[Any], text: str) -> Any:
    if setting.type is str:
        return text
    lowest, highest = (0, 65535) if setting.name == "port" else (1, 2**53)
    try:
        number = float(text) if setting.type is float else int(text)
    except ValueError:
        number = -1
    if not lowest <= number <= highest:
        name = PREFIX + setting.name.upper()
        raise SettingsError(f"{name} must be a number from {lowest} to {highest}, not {text!r}.")
    return number
