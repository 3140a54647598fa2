"""
Joins ports and adapters; the only package that does.

services   what a process has; each part is made on first use, so that a cold start loads only
           what its requests need
catalogue  the ports over SQLite
store      images and forms: S3 or a folder
detector   KServe or a fixed answer
sinks      where events go
rules      limits and rules, from the settings
"""

from functools import cache

from circles.bootstrap.services import ConfiguredServices
from circles.settings import Settings
from circles.telemetry.logs import configure_logging
from circles.telemetry.metrics import metrics

__all__ = ["ConfiguredServices", "build", "load_services"]


@cache
def build(settings: Settings) -> ConfiguredServices:
    """Return this process's services for these settings, and set up their metrics."""
    services = ConfiguredServices(settings)
    metrics.identify(function=settings.function_name, build=settings.build)
    metrics.ask_at_scrape("catalogue", services.gauges)
    return services


def load_services() -> ConfiguredServices:
    """Configure logging, and return the environment's services. Raises SettingsError."""
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    return build(settings)
