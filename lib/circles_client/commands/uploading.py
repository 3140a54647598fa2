"""circles upload."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from circles_client.commands.context import as_json, connect, exit_code, finish
from circles_client.commands.output import Progress, count_of, print_document, readable

if TYPE_CHECKING:
    from circles_client.uploading import Sent

_MEANINGS = {
    "uploaded": "uploaded",
    "stored": "stored",
    "present": "already there",
    "failed": "failed",
    "skipped": "not tried",
}


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("-r", "--recursive", is_flag=True, help="Subfolders of folders too.")
@click.option("--batch", metavar="NAME", help="The batch that the images belong to.")
@click.option("--jobs", type=click.IntRange(1, 32), default=4, show_default=True,
              help="Files that are sent at once.")  # fmt: skip
@click.option("--direct", is_flag=True,
              help="Put files into the bucket, past the functions.")  # fmt: skip
@click.option("--wait", is_flag=True, help="Wait until pending images are detected.")
@click.option("--timeout", type=click.FloatRange(min=0), default=600, show_default=True,
              metavar="SECONDS", help="How long --wait waits for each.")  # fmt: skip
@as_json
def upload(
    files: tuple[str, ...], recursive: bool, batch: str | None, jobs: int, direct: bool,
    wait: bool, timeout: float, as_json: bool,
) -> None:  # fmt: skip
    """
    Send pictures: files, folders and patterns.

    Files that the server has (in the batch, if one is named) are not sent again: run the command
    again after an interruption, and the rest is sent. Of a folder, files named like pictures are
    taken.
    """
    from circles_client.files.find import find_files
    from circles_client.uploading import Uploads

    found = list(find_files(files, recursive=recursive))
    if not found:
        raise click.UsageError("There are no pictures in what you named.")
    uploads = Uploads(
        connect(connections=jobs),
        batch=batch,
        jobs=jobs,
        wait_s=timeout if wait else 0,
        direct=direct,
    )
    summary = Summary()
    with Progress(len(found)) as progress:
        for sent in uploads.send(found):
            progress.clear()
            print_document(document(sent)) if as_json else print_line(sent)
            summary.add(sent)
            progress.step(failed=sent.has_failed)
    summary.print()
    if uploads.stopped_by:
        raise uploads.stopped_by
    finish(exit_code(failed=summary.failed, pending=summary.pending))


class Summary:
    """Count what became of the files."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.failed = self.pending = False

    def add(self, sent: Sent) -> None:
        self._counts[sent.state] += 1
        self.failed |= sent.has_failed
        self.pending |= sent.is_pending

    def print(self) -> None:
        parts = [f"{self._counts[s]:,} {text}" for s, text in _MEANINGS.items() if self._counts[s]]
        click.echo(f"{count_of(self._counts.total(), 'file')}: {', '.join(parts)}.", err=True)


def document(sent: Sent) -> dict[str, Any]:
    """Return what --json prints of a file; image is the API's record."""
    return {
        "path": str(sent.path), "state": sent.state, "image": sent.image, "error": sent.error,
        "code": sent.code, "key": sent.key,
    }  # fmt: skip


def print_line(sent: Sent) -> None:
    """Print the line of a file: failures on stderr, all else on stdout."""
    path = readable(sent.path)
    if sent.state == "stored" and sent.image is None:
        click.echo(f"{_MEANINGS[sent.state]:13}  {readable(sent.key):36}  {'pending':>12}  {path}")
        return
    if sent.image is None:
        click.echo(f"{_MEANINGS[sent.state]}: {path}: {readable(sent.error)}", err=True)
        return
    image = sent.image
    what = count_of(image["object_count"], "circle")
    if image["status"] != "detected":
        what = image["status"]
    click.echo(f"{_MEANINGS[sent.state]:13}  {image['image_id']}  {what:>12}  {path}")
    if image["status"] == "failed":
        click.echo(f"failed: {path}: {readable(image['error'])}", err=True)
