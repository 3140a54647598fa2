"""All settings, read once from the environment into one frozen object. Nobody else reads os.environ."""

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

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
    standard_webhooks_secret,
    uri_reference,
)

PREFIX = "CIRCLES_"

Seconds = Annotated[float, above_zero(float)]
Count = Annotated[int, above_zero(int)]


class SettingsError(Exception):
    """The environment does not describe a service that can start; the message names every variable at fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    One field is one variable: max_upload_bytes is CIRCLES_MAX_UPLOAD_BYTES, port is PORT. Units are in the names.
    A field's type carries the parser of its text where the type itself is none.

    What belongs together: predictor timeout < detector deadline (predictor_timeout_s) < the function's own timeout.
    """

    # Where things are kept
    store: Annotated[str, one_of("folder", "s3")] = "folder"
    # holds blobs/ and, unless catalogue_path says otherwise, catalogue.db
    data_dir: Path = Path("data")
    catalogue_path: Annotated[Path | None, Path] = None
    busy_timeout_s: Seconds = 5.0  # how long a write waits for another process's write
    # kept in a file, and as much left free, so that deleting works on a full volume
    reserve_bytes: Count = 8 * 1024 * 1024
    s3_endpoint: Annotated[str, http_base] = "http://127.0.0.1:9000"  # the scheme decides on TLS
    s3_bucket: str = "circles"
    s3_region: str = "us-east-1"
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    s3_timeout_s: Seconds = 10.0

    # Who finds the circles
    detector: Annotated[str, one_of("kserve", "fixed")] = "kserve"
    predictor_url: Annotated[str, http_base] = "http://127.0.0.1:8085"
    predictor_model: str = "circles"
    predictor_protocol: Annotated[str, one_of("v1", "v1-raw", "v2-binary")] = "v1"
    predictor_timeout_s: Seconds = 30.0  # the whole call, retries included
    predictor_connect_timeout_s: Seconds = 2.0
    # call the predictor when this process starts, so that two cold starts overlap
    wake_predictor: Annotated[bool, flag] = False
    max_objects: Count = 1000

    # What is let in
    max_upload_bytes: Count = 32 * 1024 * 1024
    max_pixels: Count = 50_000_000
    # what others put below it becomes images; never images/, where ours lie
    incoming_prefix: Annotated[str, key_prefix] = "incoming/"

    # How what was cut off is taken up again
    max_attempts: Count = 8  # detections of one image, until it counts as failed
    # an image is pending for so long before repair looks at it; doubles with each attempt
    repair_after_s: Seconds = 60.0
    # no repair begins more work after so long; one detection or sending may be added
    repair_budget_s: Seconds = 40.0
    adopt_after_s: Seconds = 24 * 3600.0  # a blob without a row becomes an image when it is so old

    # What others are told
    # reverse DNS; dev.circles.image.detected and so on
    event_type_prefix: Annotated[str, reverse_dns] = "dev.circles"
    event_source: Annotated[str, uri_reference] = "/circles"  # CloudEvents' source, a URI reference
    # K_SINK and K_CE_OVERRIDES, as Knative's SinkBinding sets them
    k_sink: Annotated[str, http_url] = ""
    k_ce_overrides: Annotated[tuple[tuple[str, str], ...], ce_overrides] = ()
    # separated by white space; one may hold its receiver's token
    webhook_urls: Annotated[tuple[str, ...], http_urls] = field(default=(), repr=False)
    # whsec_ and base64, as Standard Webhooks writes it
    webhook_secret: Annotated[str, standard_webhooks_secret] = field(default="", repr=False)
    sink_timeout_s: Seconds = 5.0  # one delivery to K_SINK or a webhook
    # what object stores must send to bridge; without one it is not ready
    bridge_token: str = field(default="", repr=False)
    event_max_attempts: Count = 12  # until an event that a sink does not take is laid aside

    # How it is served
    host: str = "0.0.0.0"
    port: Count = 8080  # PORT, as Knative sets it
    # FUNCTION_SOURCE and FUNCTION_TARGET, as functions-framework reads them
    function_source: Annotated[str | None, str] = None
    function_target: Annotated[str | None, str] = None
    # for requests that wait for more than the catalogue; equals containerConcurrency
    threads: Count = 8
    log_level: Annotated[str, one_of("DEBUG", "INFO", "WARNING", "ERROR")] = "INFO"
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
        if values.get("store") == "s3" and not (
            values.get("s3_access_key") and values.get("s3_secret_key")
        ):
            faults.append("CIRCLES_STORE=s3 needs CIRCLES_S3_ACCESS_KEY and CIRCLES_S3_SECRET_KEY")
        if values.get("webhook_urls") and not values.get("webhook_secret"):
            faults.append("CIRCLES_WEBHOOK_URLS needs CIRCLES_WEBHOOK_SECRET")
        if faults:
            raise SettingsError("; ".join(faults))
        return cls(**values)


_ECOSYSTEM = ("HOST", "PORT", "FUNCTION_SOURCE", "FUNCTION_TARGET", "K_SINK", "K_CE_OVERRIDES")
"""Variables that functions-framework and Knative name, and so carry no prefix."""

_SECRETS = {each.name for each in fields(Settings) if not each.repr}
"""What neither repr nor a message shows."""

_SERVICE_LINK = re.compile(
    r"_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$"
)
"""Kubernetes gives every pod such variables for each Service, also for one called circles-… (enableServiceLinks)."""

_VARIABLES = {
    name.upper() if name.upper() in _ECOSYSTEM else PREFIX + name.upper(): name
    for name in (each.name for each in fields(Settings))
}


def _is_stray(name: str) -> bool:
    """Whether a variable was meant for us and is none of ours: a slip of the pen. What a Service leaves is no slip."""
    return name.startswith(PREFIX) and name not in _VARIABLES and not _SERVICE_LINK.search(name)


def _parser(hint: Any) -> Callable[[str], Any]:
    """Return what reads a field from text: the parser beside its type, or the type itself."""
    found: Callable[[str], Any] = hint.__metadata__[0] if get_origin(hint) is Annotated else hint
    return found


_PARSERS = {
    name: _parser(hint) for name, hint in get_type_hints(Settings, include_extras=True).items()
}
