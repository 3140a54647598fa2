"""The only place where ports meet adapters. An adapter is imported when it is first used, so that a cold start pays for
nothing that its requests do not need."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from circles import ports
from circles.ports import Catalogue, Detector, ObjectStore, Pictures
from circles.settings import Settings


@dataclass
class Services:
    """The services of one process. Nothing is opened before its first use; tests set the attributes they replace."""

    settings: Settings
    short_reads_only: bool = False
    """Set by a function that waits for nothing but the catalogue: circles.serve gives it one thread. sqlite3 gives the
    GIL away at every row, and eight threads that fight for it do half the requests of one (bench/README.md)."""

    @property
    def threads(self) -> int:
        return 1 if self.short_reads_only else self.settings.threads

    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def lease(self) -> timedelta:
        limits = self.settings
        return timedelta(
            seconds=limits.predictor_timeout_s + limits.busy_timeout_s + 15
        )  # 15 for decoding and a slow disk

    @cached_property
    def pictures(self) -> Pictures:
        from circles.adapters.pillow_pictures import PillowPictures

        return PillowPictures(max_pixels=self.settings.max_pixels)

    @cached_property
    def store(self) -> ObjectStore:
        if self.settings.store == "s3":
            from circles.adapters.minio_store import MinioStore

            return MinioStore(self.settings)
        from circles.adapters.folder_store import FolderStore

        return FolderStore(self.settings.data_dir / "blobs")

    @cached_property
    def catalogue(self) -> Catalogue:
        from circles.adapters.sqlite_catalogue import SqliteCatalogue

        return SqliteCatalogue(self.settings.catalogue_file, busy_timeout_s=self.settings.busy_timeout_s)

    @cached_property
    def detector(self) -> Detector:
        if self.settings.detector == "fixed":
            from circles.adapters.fixed_detector import FixedDetector

            return FixedDetector()
        from circles.adapters.kserve_detector import KserveDetector

        return KserveDetector(self.settings)


@cache
def build(settings: Settings) -> Services:
    """Return the one set of services that belongs to these settings in this process."""
    return Services(settings)


def services() -> Services:
    """Return the services that the environment describes. Raises SettingsError."""
    return build(Settings.from_env())


def wake_predictor(settings: Settings) -> None:
    """Let a predictor that is scaled to zero begin to start; wait for it, and raise nothing if it does not come."""
    if settings.detector == "kserve":
        from circles.adapters.kserve_wake import wake

        wake(settings)


if TYPE_CHECKING:
    _: type[ports.Services] = Services
