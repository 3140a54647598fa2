"""
Serve the function that FUNCTION_SOURCE and FUNCTION_TARGET name.

Slow imports follow the call that wakes the predictor, so that both cold starts overlap.
"""

import sys
import threading

from circles.serve.wake import wake
from circles.settings import Settings, SettingsError


def main() -> None:
    """
    Serve until SIGTERM or SIGINT, and finish the requests in flight.

    The port is bound after the function is loaded.
    """
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        sys.exit(f"cannot start: {error}")
    if settings.wake_predictor and settings.detector == "kserve":
        call = (settings.predictor_url, settings.predictor_timeout_s)
        threading.Thread(target=wake, args=call, daemon=True).start()
    from circles.serve.server import serve

    serve(settings)


if __name__ == "__main__":
    main()
