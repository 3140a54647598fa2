"""Every setting with its default."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from circles.settings.conflicts import find_conflicts
from circles.settings.environment import SettingsError, read_variables
from circles.settings.parsers import (
    Count,
    Seconds,
    above_zero,
    ce_overrides,
    flag,
    group_scopes,
    header_name,
    host_names,
    http_base,
    http_url,
    http_urls,
    key_prefix,
    one_of,
    result_prefix,
    reverse_dns,
    score,
    score_or_none,
    standard_webhooks_secret,
    uri_reference,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    All settings; one field is one variable.

    max_upload_bytes is CIRCLES_MAX_UPLOAD_BYTES, port is PORT. Units are in the names. A field's
    type names its parser unless the type itself parses.
    predictor timeout < detector deadline (predictor_timeout_s) < the function's own timeout.
    """

    # Storage
    store: Annotated[str, one_of("folder", "s3")] = "folder"
    # holds blobs/ and, unless catalogue_path says otherwise, catalogue.db
    data_dir: Path = Path("data")
    catalogue_path: Annotated[Path | None, Path] = None
    busy_timeout_s: Seconds = 5.0  # how long a write waits for another process's write
    # reserved in a file, and the same again kept free, so that deleting works on a full volume
    reserve_bytes: Count = 8 * 1024 * 1024
    s3_endpoint: Annotated[str, http_base] = "http://127.0.0.1:9000"  # the scheme decides on TLS
    s3_bucket: str = "circles"
    s3_region: str = "us-east-1"
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    s3_timeout_s: Seconds = 10.0
    # where clients reach the same store: they upload past the functions; not offered if empty
    s3_public_endpoint: Annotated[str, http_base] = ""

    # Detection
    detector: Annotated[str, one_of("kserve", "fixed")] = "kserve"
    predictor_url: Annotated[str, http_base] = "http://127.0.0.1:8085"
    predictor_model: str = "circles"
    predictor_protocol: Annotated[str, one_of("v1", "v1-raw", "v2-binary")] = "v1"
    predictor_token: str = field(default="", repr=False)  # for a predictor that asks for one
    predictor_timeout_s: Seconds = 30.0  # the whole call, retries included
    predictor_connect_timeout_s: Seconds = 2.0
    # call the predictor when this process starts, so that two cold starts overlap
    wake_predictor: Annotated[bool, flag] = False
    max_objects: Count = 1000
    # the predictor is asked for everything down to this score; none leaves that to it
    candidate_min_score: Annotated[float | None, score_or_none] = 0.3
    # the score from which an object counts, if not the predictor's own threshold
    min_score: Annotated[float | None, score_or_none] = None

    # objects from this score on are sure, those below it and candidates are doubtful
    sure_score: Annotated[float, score] = 0.95

    # Limits of uploads
    max_upload_bytes: Count = 32 * 1024 * 1024
    max_pixels: Count = 50_000_000
    # objects that other clients put here become images; never images/, which holds uploads
    incoming_prefix: Annotated[str, key_prefix] = "incoming/"

    # what was found in incoming/d7/a.jpg is written to results/d7/a.jpg.json; none if empty
    results_prefix: Annotated[str, result_prefix] = ""

    # while more images are pending, uploads are only stored and events are to be sent again
    max_pending: Count = 1000
    batch_quiet_s: Seconds = 120.0  # without a new image, until a batch is announced as completed

    # Repair of interrupted work
    # an image fails after this number of attempts, but not before this time
    max_attempts: Count = 8
    give_up_after_s: Seconds = 3 * 24 * 3600.0
    keep_runs: Count = 10  # runs of the predictor kept for one image, the newest ones
    # repair retries an image pending for longer than this; doubles with each attempt
    repair_after_s: Seconds = 60.0
    # a repair starts no work after this; one detection or delivery may still be running
    repair_budget_s: Seconds = 40.0
    adopt_after_s: Seconds = 24 * 3600.0  # a blob without a row becomes an image at this age

    # Events
    # reverse DNS; dev.circles.image.detected and so on
    event_type_prefix: Annotated[str, reverse_dns] = "dev.circles"
    event_source: Annotated[str, uri_reference] = "/circles"  # CloudEvents' source, a URI reference
    # K_SINK and K_CE_OVERRIDES, as Knative's SinkBinding sets them
    k_sink: Annotated[str, http_url] = ""
    k_ce_overrides: Annotated[tuple[tuple[str, str], ...], ce_overrides] = ()
    # separated by white space; a URL may contain its receiver's token
    webhook_urls: Annotated[tuple[str, ...], http_urls] = field(default=(), repr=False)
    # whsec_ and base64, as Standard Webhooks writes it
    webhook_secret: Annotated[str, standard_webhooks_secret] = field(default="", repr=False)
    sink_timeout_s: Seconds = 5.0  # one delivery to K_SINK or a webhook
    # object stores must send it to bridge, which is not ready without one
    bridge_token: str = field(default="", repr=False)
    # where SinkBinding puts a token for K_SINK, if Eventing authenticates senders
    sink_token_file: Path = Path("/oidc/token")
    event_max_attempts: Count = 12  # failed deliveries before an event is laid aside

    # Access
    # open lets every request in; only on a loopback address
    access: Annotated[str, one_of("open", "tokens")] = "tokens"
    session_s: Seconds = 12 * 3600.0  # how long a cookie of the page is valid
    # names at which browsers reach this installation; .example.com stands for all below it
    hosts: Annotated[tuple[str, ...], host_names] = ("127.0.0.1", "::1", "localhost")
    # header in which a proxy that shares trusted_secret names the user that it has signed in
    trusted_header: Annotated[str, header_name] = ""
    trusted_groups_header: Annotated[str, header_name] = "Remote-Groups"
    trusted_secret: str = field(default="", repr=False)
    # the scopes of that proxy's groups, such as staff=images:read,images:write admins=all
    trusted_groups: Annotated[tuple[tuple[str, frozenset[str]], ...], group_scopes] = ()
    # of one principal; repair and events are not limited
    uploads_per_minute: Annotated[int | None, above_zero(int)] = None
    detections_per_minute: Annotated[int | None, above_zero(int)] = None
    # senders of events must send it to ingest and repair, if it is set
    events_token: str = field(default="", repr=False)
    # or a token of their service account that the cluster issued for this audience
    events_audience: str = ""
    kubernetes_url: Annotated[str, http_base] = "https://kubernetes.default.svc"
    # where the kubelet puts this pod's own token
    service_account_dir: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount")

    # Serving
    host: str = "0.0.0.0"
    port: Count = 8080  # PORT, as Knative sets it
    # FUNCTION_SOURCE and FUNCTION_TARGET, as functions-framework reads them
    function_source: Annotated[str | None, str] = None
    function_target: Annotated[str | None, str] = None
    # for requests that wait for more than the catalogue; equals containerConcurrency
    threads: Count = 8
    log_level: Annotated[str, one_of("DEBUG", "INFO", "WARNING", "ERROR")] = "INFO"
    build: str = "source"  # version that was built, such as a commit; the image sets it

    @property
    def catalogue_file(self) -> Path:
        """Return the path of the SQLite file."""
        return self.catalogue_path or self.data_dir / "catalogue.db"

    @property
    def max_body_bytes(self) -> int:
        """Return the request limit: the upload limit plus 64 KiB for the form around the file."""
        return self.max_upload_bytes + 64 * 1024

    @property
    def webhook_key(self) -> bytes:
        """Return the bytes that sign webhooks."""
        return base64.b64decode(self.webhook_secret.removeprefix("whsec_"))

    @property
    def function_name(self) -> str:
        """Return the source's folder (list for functions/list/main.py), or else the target."""
        return Path(self.function_source or "").parent.name or self.function_target or "unknown"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables that are not empty. Raises one SettingsError for all errors."""
        values, errors = read_variables(cls, env)
        known = cls(**values)
        if errors := [*errors, *find_conflicts(known)]:
            raise SettingsError("; ".join(errors))
        return known
