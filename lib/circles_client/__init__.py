"""
Circles from a terminal and from Python: a client of the HTTP contract.

    from circles_client import Client

    with Client("http://127.0.0.1:8080") as circles:
        image = circles.upload("coins.jpg")
        print(image["object_count"], circles.objects(image["image_id"], fields="full"))

Documents are those of the API, as plain dicts and lists. It knows nothing of the server's code.
client        the class
transport     one HTTP session: retries, errors, streamed forms
files         which files are pictures to send, and whole files to write
commands      the command line, a module per group of commands
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circles_client.client import Client
    from circles_client.errors import CirclesError, NotAllowed, NotCircles, Problem, Unreachable

__all__ = ["CirclesError", "Client", "NotAllowed", "NotCircles", "Problem", "Unreachable"]


def __getattr__(name: str) -> Any:
    """Import the class when it is first used: the command line's help needs no HTTP client."""
    if name == "Client":
        from circles_client.client import Client

        return Client
    if name in __all__:
        from circles_client import errors

        return getattr(errors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
