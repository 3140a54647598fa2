"""Define the programs to measure: our functions, a hello-world, the blueprint."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.harness.http_requests import Request, build_upload
from bench.harness.processes import ROOT, Program, Running, run_program

UPLOAD = build_upload()
OBJECT_COUNT = 24
_INSTANT_PREDICTOR = Program("predictor", (sys.executable, "-m", "bench.harness.instant_predictor"))
_THREADS = {"list": {"CIRCLES_THREADS": "1"}}
"""As in the Procfile and in manifests/base/list.yaml."""
_TARGETS = {
    "upload": "upload",
    "list": "list_images",
    "detail": "detail",
    "ingest": "ingest",
    "export": "export",
}


@dataclass(frozen=True)
class Uploaded:
    """The paths of an image's objects, of the first one, and of a thumbnail."""

    objects: Request
    object: Request
    thumbnail: Request


@dataclass(frozen=True)
class Site:
    """The data folder and the predictor of a set of programs."""

    folder: Path
    predictor_url: str

    def function(self, name: str, more: Mapping[str, str] = MappingProxyType({})) -> Program:
        """Return a function with the start command of the product."""
        env = {
            "HOST": "127.0.0.1",
            "CIRCLES_ACCESS": "open",
            "FUNCTION_SOURCE": str(ROOT / "functions" / name / "main.py"),
            "FUNCTION_TARGET": _TARGETS[name],
            "CIRCLES_DATA_DIR": str(self.folder / "circles"),
            "CIRCLES_PREDICTOR_URL": self.predictor_url,
            **_THREADS.get(name, {}),
            **more,
        }
        return Program(name, (sys.executable, "-m", "circles.serve"), env)

    def blueprint(self, *, client_per_upload: bool = False) -> Program:
        """Return the FastAPI app on one uvicorn worker, with uvicorn's own settings."""
        data_dir = self.folder / f"blueprint-{client_per_upload:d}"
        data_dir.mkdir(exist_ok=True)
        env = {
            "DATA_DIR": str(data_dir),
            "PREDICTOR_URL": self.predictor_url,
            "CLIENT_PER_UPLOAD": f"{client_per_upload:d}",
        }
        command = (sys.executable, "-m", "uvicorn", "bench.blueprint.app:app", "--port", "{port}")
        return Program("blueprint", command, env)

    def hello(self) -> Program:
        """Return the hello-world with the command and settings of functions-framework."""
        script = str(Path(sys.executable).with_name("functions-framework"))
        source = str(ROOT / "bench" / "hello.py")
        return Program(
            "hello-world", (script, "--host", "127.0.0.1", "--source", source, "--target", "hello")
        )

    def upload_to_functions(self) -> Uploaded:
        """Upload the picture to our functions."""
        with (
            run_program(self.function("upload"), self.folder) as upload,
            run_program(self.function("list"), self.folder) as read,
        ):
            return upload_and_read(upload, read)

    def upload_to_blueprint(self) -> Uploaded:
        """Upload the picture to the blueprint."""
        with run_program(self.blueprint(), self.folder) as both:
            return upload_and_read(both, both)


def upload_and_read(upload: Running, read: Running) -> Uploaded:
    """Upload the picture and read its objects. Raises RuntimeError unless all are there."""
    image_id = upload.wait_for_answer(UPLOAD).document()["image_id"]
    objects = Request("GET", f"/images/{image_id}/objects")
    found = read.wait_for_answer(objects).document()
    if len(found) != OBJECT_COUNT:
        raise RuntimeError(f"{len(found)} objects instead of {OBJECT_COUNT}")
    return Uploaded(
        objects,
        Request("GET", f"{objects.path}/{found[0]['object_id']}"),
        Request("GET", f"/images/{image_id}/thumbnail"),
    )


@contextmanager
def prepare_site(folder: Path) -> Iterator[Site]:
    """Run the instant predictor. All data goes to the folder."""
    with run_program(_INSTANT_PREDICTOR, folder) as predictor:
        predictor.wait_for_answer(Request("GET", "/"))
        yield Site(folder, f"http://127.0.0.1:{predictor.port}")
