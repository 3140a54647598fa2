"""All settings, read once from the environment into one frozen object. Nobody else reads os.environ."""

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from circles.setting_parsers import (
    above_zero,
    ce_overrides,
    flag,
    http_base,
    http_url,
    http_urls,
    key_prefix,
    one_of,
    reverse_dns,
    uri_reference,
    webhook_secret,
)

PREFIX = "CIRCLES_"


class SettingsError(Exception):
    """The environment does not describe a service that can start; the message names every variable at fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    One field is one variable: max_upload_bytes is CIRCLES_MAX_UPLOAD_BYTES, port is PORT. Units are in the names.

    What belongs together: predictor timeout < detector deadline (predictor_timeout_s) < the function's own timeout.
    """

    # Where things are kept
    store: str = "folder"  # folder | s3
    data_dir: Path = Path("data")  # holds blobs/ and, unless catalogue_path says otherwise, catalogue.db
    catalogue_path: Path | None = None
    busy_timeout_s: float = 5.0  # how long a write waits for another process's write
    s3_endpoint: str = "http://127.0.0.1:9000"  # the scheme decides on TLS
    s3_bucket: str = "circles"
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_timeout_s: float = 10.0

    # Who finds the circles
    detector: str = "kserve"  # kserve | fixed
    predictor_url: str = "http://127.0.0.1:8085"
    predictor_model: str = "circles"
    predictor_protocol: str = "v1"  # v1 | v1-raw | v2-binary
    predictor_timeout_s: float = 30.0  # the whole call, retries included
    predictor_connect_timeout_s: float = 2.0
    wake_predictor: bool = False  # call the predictor when this process starts, so that two cold starts overlap
    max_objects: int = 1000

    # What is let in
    max_upload_bytes: int = 32 * 1024 * 1024
    max_pixels: int = 50_000_000
    incoming_prefix: str = "incoming/"  # what others put below it becomes images; never images/, where ours lie

    # How what was cut off is taken up again
    max_attempts: int = 8  # detections of one image, until it counts as failed
    repair_after_s: float = 60.0  # an image is pending for so long before repair looks at it; doubles with each attempt
    repair_budget_s: float = 40.0  # no repair begins more work after so long; one detection or sending may be added
    adopt_after_s: float = 24 * 3600.0  # a blob without a row becomes an image when it is so old

    # What others are told
    event_type_prefix: str = "dev.circles"  # reverse DNS; dev.circles.image.detected and so on
    event_source: str = "/circles"  # CloudEvents' source, a URI reference
    k_sink: str = ""  # K_SINK and K_CE_OVERRIDES, as Knative's SinkBinding sets them
    k_ce_overrides: tuple[tuple[str, str], ...] = ()
    webhook_urls: tuple[str, ...] = ()  # separated by white space
    webhook_secret: str = ""  # whsec_ and base64, as Standard Webhooks writes it
    sink_timeout_s: float = 5.0  # one delivery to K_SINK or a webhook
    bridge_token: str = ""  # what object stores must send to bridge; without one it is not ready
    event_max_attempts: int = 12  # until an event that a sink does not take is laid aside

    # How it is served
    host: str = "0.0.0.0"
    port: int = 8080  # PORT, as Knative sets it
    function_source: str | None = None  # FUNCTION_SOURCE and FUNCTION_TARGET, as functions-framework reads them
    function_target: str | None = None
    threads: int = 8  # equals containerConcurrency
    log_level: str = "INFO"
    build: str = "source"  # what was built, such as a commit; an image says it of itself

    @property
    def catalogue_file(self) -> Path:
        """Where the SQLite file lies."""
        return self.catalogue_path or self.data_dir / "catalogue.db"

    @property
    def max_body_bytes(self) -> int:
        """The largest request: the form around the file counts too, and the file is measured where it is read."""
        return self.max_upload_bytes + 64 * 1024

    @property
    def webhook_key(self) -> bytes:
        """The bytes that webhooks are signed with."""
        return base64.b64decode(self.webhook_secret.removeprefix("whsec_"))

    @property
    def function_name(self) -> str:
        """The address: the source's folder, functions/list/main.py, or the target where no source is named."""
        return Path(self.function_source or "").parent.name or self.function_target or "unknown"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables that are set and not empty; raise SettingsError for all that are wrong, at once."""
        values: dict[str, Any] = {}
        faults = [f"{name} is not a setting" for name in env if _is_stray(name)]
        for variable, name in _VARIABLES.items():
            if text := env.get(variable, ""):
                try:
                    values[name] = _PARSERS[name](text)
                except ValueError as error:
                    faults.append(f"{variable}={'…' if name in _SECRETS else repr(text)}: {error}")
        if values.get("store") == "s3" and not (values.get("s3_access_key") and values.get("s3_secret_key")):
            faults.append("CIRCLES_STORE=s3 needs CIRCLES_S3_ACCESS_KEY and CIRCLES_S3_SECRET_KEY")
        if values.get("webhook_urls") and not values.get("webhook_secret"):
            faults.append("CIRCLES_WEBHOOK_URLS needs CIRCLES_WEBHOOK_SECRET")
        if faults:
            raise SettingsError("; ".join(faults))
        return cls(**values)


_ECOSYSTEM = ("HOST", "PORT", "FUNCTION_SOURCE", "FUNCTION_TARGET", "K_SINK", "K_CE_OVERRIDES")
"""Variables that functions-framework and Knative name, and so carry no prefix."""

_SECRETS = ("webhook_secret", "webhook_urls")
"""What no message shows; a URL may hold its receiver's token."""

_SERVICE_LINK = re.compile(r"_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$")
"""Kubernetes gives every pod such variables for each Service, also for one called circles-… (enableServiceLinks)."""

_VARIABLES = {
    name.upper() if name.upper() in _ECOSYSTEM else PREFIX + name.upper(): name
    for name in (field.name for field in fields(Settings))
}


def _is_stray(name: str) -> bool:
    """Whether a variable was meant for us and is none of ours: a slip of the pen. What a Service leaves is no slip."""
    return name.startswith(PREFIX) and name not in _VARIABLES and not _SERVICE_LINK.search(name)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "store": one_of("folder", "s3"),
    "data_dir": Path,
    "catalogue_path": Path,
    "busy_timeout_s": above_zero(float),
    "s3_endpoint": http_base,
    "s3_bucket": str,
    "s3_region": str,
    "s3_access_key": str,
    "s3_secret_key": str,
    "s3_timeout_s": above_zero(float),
    "detector": one_of("kserve", "fixed"),
    "predictor_url": http_base,
    "predictor_model": str,
    "predictor_protocol": one_of("v1", "v1-raw", "v2-binary"),
    "predictor_timeout_s": above_zero(float),
    "predictor_connect_timeout_s": above_zero(float),
    "wake_predictor": flag,
    "max_objects": above_zero(int),
    "max_upload_bytes": above_zero(int),
    "max_pixels": above_zero(int),
    "incoming_prefix": key_prefix,
    "max_attempts": above_zero(int),
    "repair_after_s": above_zero(float),
    "repair_budget_s": above_zero(float),
    "adopt_after_s": above_zero(float),
    "event_type_prefix": reverse_dns,
    "event_source": uri_reference,
    "event_max_attempts": above_zero(int),
    "k_sink": http_url,
    "k_ce_overrides": ce_overrides,
    "webhook_urls": http_urls,
    "webhook_secret": webhook_secret,
    "sink_timeout_s": above_zero(float),
    "bridge_token": str,
    "host": str,
    "port": above_zero(int),
    "function_source": str,
    "function_target": str,
    "threads": above_zero(int),
    "build": str,
    "log_level": one_of("DEBUG", "INFO", "WARNING", "ERROR"),
}
