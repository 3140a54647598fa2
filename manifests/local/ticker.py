"""A local stand-in for Knative's PingSource. Sends an event to K_SINK every TICK_S seconds."""

import os
import time
import uuid

import requests


def main() -> None:
    """Send ticks. An unavailable sink only loses its tick."""
    pause_s = float(os.environ.get("TICK_S", "10"))
    headers = {
        "ce-specversion": "1.0",
        "ce-type": "dev.knative.sources.ping",
        "ce-source": "/apis/v1/namespaces/local/pingsources/repair",
        "content-type": "application/json",
    }
    while True:
        time.sleep(pause_s)
        try:
            requests.post(
                os.environ["K_SINK"],
                data=b"{}",
                headers={**headers, "ce-id": str(uuid.uuid4())},
                timeout=5,
            )
        except requests.RequestException as error:
            print(f"the sink did not accept the tick: {type(error).__name__}", flush=True)


if __name__ == "__main__":
    main()
