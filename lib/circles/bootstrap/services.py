"""Services of one process."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from threading import Semaphore
from typing import TYPE_CHECKING

from circles.adapters.background import Background
from circles.bootstrap.catalogue import CatalogueServices
from circles.bootstrap.rules import make_access_rules, make_rules
from circles.domain.access.principals import AccessRules
from circles.domain.blobs import ObjectStore, UploadForms
from circles.domain.detections import Detector
from circles.domain.errors import Unavailable
from circles.domain.events import EventSink
from circles.domain.identifiers import new_id
from circles.domain.pictures import Pictures
from circles.domain.services import Rules
from circles.settings import Settings

if TYPE_CHECKING:  # a cold start uses none of them
    from circles.adapters.pillow.reading import Reading
    from circles.adapters.spool import Spool
    from circles.domain.access.senders import Senders
    from circles.domain.exports.renditions import Renderer

log = logging.getLogger("circles")


@dataclass
class ConfiguredServices(CatalogueServices):
    """Services of one process, each made on first use. Tests replace attributes."""

    settings: Settings

    def ping(self) -> None:
        """Raise Unavailable unless images can be stored. The predictor is not checked."""
        self.catalogue.ping()
        self.store.ping()

    def now(self) -> datetime:
        return datetime.now(UTC)

    @cached_property
    def rules(self) -> Rules:
        return make_rules(self.settings)

    @cached_property
    def access(self) -> AccessRules:
        return make_access_rules(self.settings)

    @cached_property
    def process_id(self) -> str:
        return new_id()

    @cached_property
    def store(self) -> ObjectStore:
        from circles.bootstrap.store import make_store

        return make_store(self.settings, self)

    @cached_property
    def upload_forms(self) -> UploadForms | None:
        from circles.bootstrap.store import make_upload_forms

        return make_upload_forms(self.settings)

    @cached_property
    def detector(self) -> Detector:
        from circles.bootstrap.detector import make_detector

        return make_detector(self.settings)

    @cached_property
    def sinks(self) -> Mapping[str, EventSink]:
        from circles.bootstrap.sinks import make_sinks

        return make_sinks(self.settings, self)

    @cached_property
    def senders(self) -> "Senders | None":
        """Verifies the senders of events, None where no audience is set."""
        known = self.settings
        if not known.events_audience:
            return None
        from circles.adapters.service_accounts import ServiceAccounts

        return ServiceAccounts(
            known.kubernetes_url, known.service_account_dir, audience=known.events_audience
        )

    @cached_property
    def _reading(self) -> "Reading":
        from circles.adapters.pillow.reading import Reading

        known = self.settings
        return Reading(known.max_pixels, costly_places=max(1, known.threads // 2))

    @cached_property
    def pictures(self) -> Pictures:
        from circles.adapters.pillow.pictures import PillowPictures

        return PillowPictures(self._reading)

    @cached_property
    def renderer(self) -> "Renderer":
        from circles.adapters.pillow.renderer import PillowRenderer

        return PillowRenderer(self._reading, self.temporary)

    @cached_property
    def temporary(self) -> "Spool":
        from circles.adapters.spool import Spool

        return Spool()

    @cached_property
    def costly_turns(self) -> Semaphore:
        return Semaphore(max(1, self.settings.threads // 4))

    @cached_property
    def export_turns(self) -> Semaphore:
        return Semaphore(max(1, self.settings.threads // 2))

    @cached_property
    def background(self) -> Background:
        return Background(threads=3)  # one of them may wait for a slow sink

    def soon(self, work: Callable[[], object], *, key: str) -> None:
        self.background.submit(work, key=key)

    def finish(self, timeout_s: float) -> None:
        """Wait for background work, if any, before the process ends."""
        if "background" in vars(self) and not self.background.drain(timeout_s):
            log.info("the process ends before its background work; repair will finish it")

    def gauges(self) -> dict[str, float]:
        """Return the catalogue's gauges; empty if it is unused or unavailable."""
        if "catalogue" not in vars(self):
            return {}  # a function without the volume would create a database file
        try:
            backlog, outbox = self.catalogue.backlog(), self.outbox.backlog()
            sizes = self.catalogue.measure()
        except Unavailable:
            return {}
        return {
            "circles_images_pending": backlog.pending,
            "circles_images_pending_oldest_seconds": self._age_s(backlog.oldest_created_at),
            "circles_outbox_pending": outbox.pending,
            "circles_outbox_oldest_seconds": self._age_s(outbox.oldest_created_at),
            **sizes,
        }

    def _age_s(self, moment: datetime | None) -> float:
        """Return seconds since a time; 0 for None or a clock that is ahead."""
        return max((self.now() - moment).total_seconds(), 0) if moment else 0


if TYPE_CHECKING:
    from circles.domain.services import Services

    _: type[Services] = ConfiguredServices
