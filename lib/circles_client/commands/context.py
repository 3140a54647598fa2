"""What the commands share: the client, options, and how errors end the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from circles_client.client import Client

FAILED, USAGE, NOT_ALLOWED, PENDING, INTERRUPTED = 1, 2, 4, 8, 130
"""Exit codes besides 0."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

image_ids = click.argument("image_ids", nargs=-1, required=True, metavar="IMAGE_ID...")
min_score = click.option("--min-score", type=click.FloatRange(0, 1), metavar="SCORE",
                         help="Below the run's threshold it reveals candidates.")  # fmt: skip
detection = click.option("--detection", metavar="RUN", help="Of another run than the served one.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print NDJSON: a document a line.")


class State:
    """What the group knows: the token, and the client once a command needs one."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def client(self, context: click.Context, **options: Any) -> Client:
        """Return a client that is closed when the command ends. Raises SettingsError."""
        from circles_client.client import Client
        from circles_client.settings import ClientSettings

        settings = ClientSettings.from_env()
        client = Client(settings.url, self._token or settings.token, **options)
        context.call_on_close(client.close)
        return client


def connect(**options: Any) -> Client:
    """Return the client of the command that runs. Raises SettingsError."""
    context = click.get_current_context()
    state: State = context.find_root().obj
    return state.client(context, **options)


def exit_code(*, failed: bool = False, pending: bool = False, not_allowed: bool = False) -> int:
    """Return the exit code that says most: what a person must do something about comes first."""
    return NOT_ALLOWED if not_allowed else FAILED if failed else PENDING if pending else 0


def finish(code: int) -> None:
    """End the command with an exit code."""
    click.get_current_context().exit(code)


def image_filters(command: _Command) -> _Command:
    """Add the options that select images; their names are those of the API's parameters."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


_FILTERS = (
    click.option("--batch", metavar="NAME", help="Of this batch."),
    click.option("--status", type=click.Choice(["pending", "detected", "failed"])),
    click.option(
        "--review", type=click.Choice(["none", "confirmed", "corrected"]),
        help="What a person did to it.",
    ),
    click.option("--since", metavar="TIME", help="Created then or later, like 2026-11-26T08:00Z."),
    click.option("--until", metavar="TIME", help="Created before."),
    click.option("--source", type=click.Choice(["upload", "s3"]), help="How it arrived."),
    click.option("--key", help="Of the object with this key in the bucket."),
    click.option("--sha256", metavar="HEX", help="With exactly these bytes."),
    click.option("--model-version", metavar="VERSION", help="Detected by this version."),
    click.option("--min-count", type=click.IntRange(min=0), metavar="N", help="Objects at least."),
    click.option("--max-count", type=click.IntRange(min=0), metavar="N", help="Objects at most."),
)  # fmt: skip
