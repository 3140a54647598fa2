"""The group of all commands, and the one place that turns errors into exit codes."""

import io
import os
import sys
from typing import Any

import click

from circles_client.commands import (
    context,
    correcting,
    drawing,
    exporting,
    managing,
    reading,
    summing,
    uploading,
    watching,
)

_HELP = """
Find every circle in pictures, with a Circles server.

\b
CIRCLES_URL    the server's address (http://127.0.0.1:8080)
CIRCLES_TOKEN  the token, where the server asks for one

\b
Exit codes: 0 done, 1 some failed, 2 wrong usage, 4 not allowed,
8 some are still pending, 130 interrupted.
"""


class _Group(click.Group):
    """A group whose commands end with a sentence and a code instead of a stack."""

    def invoke(self, ctx: click.Context) -> Any:
        from circles_client.errors import CirclesError

        try:
            return super().invoke(ctx)
        except CirclesError as error:
            _complain(error)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            raise  # main ends quietly
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _complain(f"{where}{error.strerror or error}.")
            ctx.exit(context.FAILED)


def _complain(error: Exception | str) -> None:
    from circles_client.commands.output import readable
    from circles_client.errors import NotAllowed

    hint = ""
    if isinstance(error, NotAllowed) and error.status == 401:
        hint = " Set CIRCLES_TOKEN, or pipe it to circles --token-stdin."
    click.echo(f"circles: {readable(error)}{hint}", err=True)


@click.group(
    "circles", cls=_Group, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--token-stdin", is_flag=True, help="Read the token from the first line of stdin.")
@click.version_option(None, "--version", package_name="circles", message="circles %(version)s")
@click.pass_context
def circles(ctx: click.Context, token_stdin: bool) -> None:
    token = None
    if token_stdin and not ctx.resilient_parsing:
        from circles_client.settings import parse_token

        token = parse_token(sys.stdin.readline())
    ctx.obj = context.State(token)


for command in (
    uploading.upload, reading.list_images, reading.show, reading.objects,
    summing.batches, summing.stats, correcting.correct, correcting.scale, drawing.overlay,
    drawing.thumbnail, drawing.crop, exporting.export, exporting.dataset, reading.delete,
    watching.watch, managing.deliveries, managing.tokens, managing.whoami, managing.completion,
):  # fmt: skip
    circles.add_command(command)


def main() -> None:
    """Run the command line. Ctrl-C ends it at once: everything is safe to repeat."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know ASCII only
    try:
        code = circles.main(prog_name="circles", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ncircles: interrupted; run the same command again to go on.", err=True)
        sys.stdout.flush()
        os._exit(context.INTERRUPTED)  # without waiting for threads that still send
    except BrokenPipeError:  # head has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = context.FAILED
    sys.exit(code)
