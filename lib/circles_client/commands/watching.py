"""circles watch."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import click

from circles_client.commands.context import as_json, connect, exit_code, finish
from circles_client.commands.output import print_document, readable
from circles_client.commands.uploading import document, print_line

_LONGEST_PAUSE_S = 2.0


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("-r", "--recursive", is_flag=True, help="Subfolders too.")
@click.option("--batch", metavar="NAME", help="The batch that the images belong to.")
@click.option("--jobs", type=click.IntRange(1, 32), default=2, show_default=True,
              help="Files that are sent at once.")  # fmt: skip
@click.option("--quiet", "quiet_s", type=click.FloatRange(min=0.1), default=5, metavar="SECONDS",
              show_default=True, help="So long it must not change to be whole.")  # fmt: skip
@as_json
def watch(
    folder: str, recursive: bool, batch: str | None, jobs: int, quiet_s: float, as_json: bool
) -> None:  # fmt: skip
    """
    Send what comes into a folder, until Ctrl-C.

    Each file is sent once, and when it is whole. What is there already is sent too, unless the
    server has it. While the server cannot be reached, files wait.
    """
    from pathlib import Path

    from circles_client.errors import NotAllowed
    from circles_client.files.quiet import QuietFiles
    from circles_client.uploading import Uploads

    client = connect(connections=jobs)
    files = QuietFiles(Path(folder), recursive=recursive, quiet_s=quiet_s)
    failed, away = False, None
    click.echo(f"Watching {readable(folder)} for {client.url}; Ctrl-C ends it.", err=True)
    with until_ctrl_c() as stopped:
        while not stopped.is_set():
            uploads, before, away = Uploads(client, batch=batch, jobs=jobs), away, None
            for sent in uploads.send(files.take()):
                if sent.is_temporary:
                    files.give_back(sent.path)
                    away = away or sent.error
                    continue
                print_document(document(sent)) if as_json else print_line(sent)
                failed |= sent.has_failed
            if isinstance(uploads.stopped_by, NotAllowed):
                raise uploads.stopped_by
            if away and not before:
                click.echo(f"circles: {readable(away)} Files wait.", err=True)
            time.sleep(min(_LONGEST_PAUSE_S, quiet_s / 2))
    finish(exit_code(failed=failed))


@contextmanager
def until_ctrl_c() -> Iterator[Event]:
    """
    End the block at Ctrl-C, which sets the event too.

    Python ignores a KeyboardInterrupt that comes while it runs a finalizer, and a loop would go on.
    """
    stopped = Event()

    def stop(number: int, frame: Any) -> None:
        stopped.set()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # a shell lets commands in the background ignore it
        signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, before)
