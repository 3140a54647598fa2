"""The API as a class. Documents are those of the contract, as dicts and lists."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from circles_client.errors import Refused
from circles_client.results import Results
from circles_client.transport.calls import given, poll, segment
from circles_client.transport.http import Json
from circles_client.transport.multipart import FormWithFile, shown_name


class Client(Results):
    """
    A client of one Circles server. Threads may share it; close it, or use it with `with`.

    Every method raises Unreachable, NotCircles, NotAllowed (401, 403) or Problem (any other error
    of the API, with its status and code). An upload's Idempotency-Key depends on
    its bytes and batch alone, so that repeating it never doubles an image.

    token: with the scopes that the calls need; None where access is open.
    timeout_s: longest silence of the server in one request. retries: of one request.
    connections: how many threads use the client at once.
    """

    # Images

    def images(self, **filters: Any) -> Iterator[Json]:
        """Yield the records that match the contract's filters (status, batch, since, …)."""
        yield from self._pages("/images/", "images", filters)

    def find(self, sha256: str, batch: str | None = None) -> Json | None:
        """Return the newest image with these bytes (in that batch, if it is given), or None."""
        wanted = {"sha256": sha256, "batch": batch, "limit": 1}
        return next(iter(self._http.document("GET", "/images/", params=given(wanted))["images"]),
                    None)  # fmt: skip

    def image(self, image_id: str) -> Json:
        """Return the record of an image."""
        return self._get(f"/images/{segment(image_id)}")

    def upload(
        self, file: str | os.PathLike[str], *, batch: str | None = None, sha256: str | None = None
    ) -> Json:
        """
        Send a file, and return its image.

        The same bytes in the same batch are always the same image. Its status is pending where
        the predictor did not answer yet.
        sha256: of the file's content, hexadecimal, if it is known already.
        Raises OSError if the file cannot be read.
        """
        path = Path(file)
        with path.open("rb") as opened:
            digest = sha256 or hashlib.file_digest(opened, "sha256").hexdigest()
            form = FormWithFile(opened, path.name)
            headers = {"Content-Type": form.content_type, "Idempotency-Key": _key(digest, batch)}
            document: Json = self._http.document(
                "POST", "/images/", params=given({"batch": batch}), headers=headers, data=form
            )
        return document

    def upload_direct(
        self, file: str | os.PathLike[str], *, batch: str | None = None, sha256: str | None = None
    ) -> str:
        """
        Put a file into the bucket, past the functions, and return the key that find_key takes.

        The same bytes under the same name and batch are the same object, and the same image.
        sha256: of the file's content, hexadecimal, if it is known already.
        Raises OSError, Problem (501 where the server does not offer it), Refused.
        """
        path = Path(file)
        wanted = given({"file_name": shown_name(path.name), "batch": batch})
        with path.open("rb") as opened:
            digest = sha256 or hashlib.file_digest(opened, "sha256").hexdigest()
            form = self._send("POST", "/uploads", wanted, key=_key(digest, batch))
            opened.seek(0)
            if os.fstat(opened.fileno()).st_size > form["max_bytes"]:
                raise Refused(f"It has more than {form['max_bytes']:,} bytes.")
            self._http.put_form(form["url"], FormWithFile(opened, path.name, form["fields"]))
        return str(form["key"])

    def find_key(self, key: str) -> Json | None:
        """Return the image of a key in the bucket, or None yet. Raises Refused."""
        images = self._http.document("GET", "/images/", params={"key": key, "limit": 1})["images"]
        if images:
            return dict(images[0])
        for refusal in self.refusals(key=key):
            raise Refused(refusal["detail"])
        return None

    def wait_for_key(self, key: str, timeout_s: float) -> Json | None:
        """Return the image of a key once it is not pending, or what there is after timeout_s."""
        return poll(lambda: self.find_key(key), timeout_s)

    def wait(self, image_id: str, timeout_s: float) -> Json:
        """Return the record once it is not pending any more, or the pending one after timeout_s."""
        image = poll(lambda: self.image(image_id), timeout_s)
        assert image is not None
        return image

    def detect(self, image_id: str) -> Json:
        """Run the predictor again, and return the record."""
        return self._send("POST", f"/images/{segment(image_id)}/detections")

    def delete(self, image_id: str) -> None:
        """Delete an image, its objects and its bytes."""
        self._http.document("DELETE", f"/images/{segment(image_id)}")

    # Objects and runs

    def objects(self, image_id: str, **filters: Any) -> list[Json]:
        """Return the objects of an image; fields="full" gives whole records."""
        found: list[Json] = self._http.document(
            "GET", f"/images/{segment(image_id)}/objects", params=given(filters)
        )
        return found

    def object(self, image_id: str, object_id: str) -> Json:
        """Return one object with its geometry."""
        return self._get(f"/images/{segment(image_id)}/objects/{segment(object_id)}")

    def runs(self, image_id: str) -> list[Json]:
        """Return the runs of an image, newest first."""
        runs: list[Json] = self._http.document("GET", f"/images/{segment(image_id)}/detections")
        return runs

    def correct(self, image_id: str, objects: Iterable[Json], *, based_on: str) -> Json:
        """
        Serve these objects instead of those of the run based_on, and return the new run.

        objects: {"object_id": …} for what stays, {"centroid": [x, y], "radius": r} (px) for what is
        drawn, with "replaces" where it was another object. What is not named is dropped.
        Raises Problem with status 412 if another run than based_on is served by now.
        """
        body = {"based_on": based_on, "objects": list(objects)}
        return self._send(
            "POST", f"/images/{segment(image_id)}/detections", body, if_match=based_on
        )

    def restore(self, image_id: str, run: str | None, *, served: str) -> Json:
        """Serve an earlier run (None: the predictor's newest), and return the record."""
        path = f"/images/{segment(image_id)}/detections"
        return self._send("POST", path, {"restore": run}, if_match=served)

    # Millimetres and refusals

    def set_scale(self, scale: Json, *, image_id: str | None = None, batch: str | None = None
                  ) -> Json:  # fmt: skip
        """
        Set the millimetres of an image or of a batch.

        scale: {"object_id": …, "diameter_mm": …} or {"mm_per_px": …}.
        """
        return self._send("PUT", _scale_path(image_id, batch), scale)

    def remove_scale(self, *, image_id: str | None = None, batch: str | None = None) -> None:
        """Remove the millimetres of an image or of a batch."""
        self._http.document("DELETE", _scale_path(image_id, batch))

    def refusals(self, **filters: Any) -> Iterator[Json]:
        """Yield the files in the bucket that were refused as images, newest first."""
        yield from self._pages("/refusals", "refusals", filters)


def _key(sha256: str, batch: str | None) -> str:
    """Return the idempotency key of a file: its content, and a digest of its batch's name."""
    return sha256 if batch is None else f"{sha256}-{hashlib.sha256(batch.encode()).hexdigest()}"


def _scale_path(image_id: str | None, batch: str | None) -> str:
    if (image_id is None) == (batch is None):
        raise ValueError("give either image_id or batch")
    return f"/images/{segment(image_id)}/scale" if image_id else f"/batches/{segment(batch)}/scale"
