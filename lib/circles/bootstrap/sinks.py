"""Make the sinks of events: the Broker, webhooks, and files beside what was put in."""

from hashlib import sha256

from circles.domain.events import BROKER, RESULTS, EventSink
from circles.domain.services import Services
from circles.settings import Settings


def make_sinks(known: Settings, services: Services) -> dict[str, EventSink]:
    sinks = _receivers(known) if known.k_sink or known.webhook_urls else {}
    if known.results_prefix:
        from circles.adapters.results_sink import ResultsSink

        sinks[RESULTS] = ResultsSink(services, known.results_prefix)
    return sinks


def _receivers(known: Settings) -> dict[str, EventSink]:
    """Make the sinks that are other servers."""
    from circles.adapters.event_sinks import BrokerSink, WebhookSink
    from circles.adapters.http_client import HttpClient

    client = HttpClient(threads=known.threads, connect_timeout_s=2.0)
    timeout_s = known.sink_timeout_s
    sinks: dict[str, EventSink] = {
        # The digest keeps URL secrets out of the outbox, and does not depend on the order.
        f"webhook-{sha256(url.encode()).hexdigest()[:16]}": WebhookSink(
            url, client, timeout_s=timeout_s, secret=known.webhook_key
        )
        for url in known.webhook_urls
    }
    if known.k_sink:
        sinks[BROKER] = BrokerSink(
            known.k_sink,
            client,
            timeout_s=timeout_s,
            extensions=known.k_ce_overrides,
            token_file=known.sink_token_file,
        )
    return sinks
