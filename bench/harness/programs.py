"""What is measured: our three functions, functions-framework's hello-world, the blueprint; and an instant predictor."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.harness.asking import Request, upload_of_the_picture
from bench.harness.processes import ROOT, Program, Running, running

UPLOAD = upload_of_the_picture()
OBJECT_COUNT = 24
_INSTANT_PREDICTOR = Program("predictor", (sys.executable, "-m", "bench.harness.instant_predictor"))
_TARGETS = {"upload": "upload", "list": "list_images", "detail": "detail", "ingest": "ingest"}


@dataclass(frozen=True)
class Known:
    """The paths of an image's objects and of the first one."""

    objects: Request
    object: Request


@dataclass(frozen=True)
class Site:
    """Where a set of programs keeps its data and finds its predictor."""

    folder: Path
    predictor_url: str

    def function(self, name: str, more: Mapping[str, str] = MappingProxyType({})) -> Program:
        """upload, list, detail or ingest under the product's own start command, with more of the environment."""
        env = {
            "HOST": "127.0.0.1",
            "FUNCTION_SOURCE": str(ROOT / "functions" / name / "main.py"),
            "FUNCTION_TARGET": _TARGETS[name],
            "CIRCLES_DATA_DIR": str(self.folder / "circles"),
            "CIRCLES_PREDICTOR_URL": self.predictor_url,
            **({"CIRCLES_THREADS": "1"} if name == "list" else {}),  # as the Procfile and the manifests have it
            **more,
        }
        return Program(name, (sys.executable, "-m", "circles.serve"), env)

    def blueprint(self, *, client_per_upload: bool = False) -> Program:
        """The FastAPI app on one uvicorn worker, with uvicorn's own settings."""
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
        """functions-framework's own command, with its own settings."""
        script = str(Path(sys.executable).with_name("functions-framework"))
        source = str(ROOT / "bench" / "hello.py")
        return Program("hello-world", (script, "--host", "127.0.0.1", "--source", source, "--target", "hello"))

    def known_to_functions(self) -> Known:
        """Upload the picture through our functions."""
        with (
            running(self.function("upload"), self.folder) as upload,
            running(self.function("list"), self.folder) as read,
        ):
            return learn(upload, read)

    def known_to_blueprint(self) -> Known:
        """Upload the picture to the blueprint."""
        with running(self.blueprint(), self.folder) as both:
            return learn(both, both)


def learn(upload: Running, read: Running) -> Known:
    """Upload the picture and read its objects back. Raises RuntimeError unless there are as many as were found."""
    image_id = upload.first_answer(UPLOAD).document()["image_id"]
    objects = Request("GET", f"/images/{image_id}/objects")
    found = read.first_answer(objects).document()
    if len(found) != OBJECT_COUNT:
        raise RuntimeError(f"{len(found)} objects instead of {OBJECT_COUNT}")
    return Known(objects, Request("GET", f"{objects.path}/{found[0]['object_id']}"))


@contextmanager
def prepared(folder: Path) -> Iterator[Site]:
    """Start the instant predictor; the folder holds everything that is written."""
    with running(_INSTANT_PREDICTOR, folder) as predictor:
        predictor.first_answer(Request("GET", "/"))
        yield Site(folder, f"http://127.0.0.1:{predictor.port}")
