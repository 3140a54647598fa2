"""Route KServe's V1 and V2 protocols to one detector. Every error is {"error": "<text>"}."""

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from predictor.errors import Refusal
from predictor.inference.memory import Memory
from predictor.inference.pipeline import Inference
from predictor.protocols import v1, v2
from predictor.protocols.answers import PictureAnswer
from predictor.protocols.query import Query
from predictor.server.access_log import AccessLog
from predictor.server.drain import Drain
from predictor.server.predictions import Predictions, Write
from predictor.server.replies import (
    UnexpectedErrors,
    answer_http_error,
    answer_refusal,
    reply_json,
)
from predictor.settings import Settings


class _NameConvertor(StringConvertor):
    """A model's name in a path, without ":", so that /v1/models/x:predict names the model "x"."""

    regex = "[^/:]+"


register_url_convertor("name", _NameConvertor())


def create_app(inference: Inference, settings: Settings, memory: Memory | None = None) -> Starlette:
    """Build the ASGI application around a loaded detector."""
    server = Server(inference, settings, memory or Memory())
    app = Starlette(
        routes=server.routes(),
        middleware=[Middleware(AccessLog), Middleware(Drain), Middleware(UnexpectedErrors)],
        exception_handlers={Refusal: answer_refusal, HTTPException: answer_http_error},
    )
    app.router.redirect_slashes = False
    return app


class Server:
    """The handlers, each named after its route."""

    def __init__(self, inference: Inference, settings: Settings, memory: Memory) -> None:
        self._settings = settings
        self._version = inference.detector.version
        self._predictions = Predictions(inference, settings, memory)

    def routes(self) -> list[Route]:
        """Return every route of this server."""
        post = ["POST"]
        v2_paths = ("/v2/models/{model:name}", "/v2/models/{model:name}/versions/{version}")
        return [
            Route("/", self.alive),
            Route("/metrics", self.metrics),
            Route("/v1/models", self.models),
            Route("/v1/models/{model:name}", self.v1_model),
            Route("/v1/models/{model:name}:predict", self.v1_predict, methods=post),
            Route("/v2", self.v2_server),
            Route("/v2/health/live", self.v2_live),
            Route("/v2/health/ready", self.v2_ready),
            Route("/v2/models", self.models),
            *(Route(path, self.v2_model) for path in v2_paths),
            *(Route(path + "/ready", self.v2_model_ready) for path in v2_paths),
            *(Route(path + "/infer", self.v2_infer, methods=post) for path in v2_paths),
        ]

    async def alive(self, request: Request) -> Response:
        return reply_json({"status": "alive"})

    async def metrics(self, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(REGISTRY), headers={"Content-Type": content_type})

    async def models(self, request: Request) -> Response:
        return reply_json({"models": [self._settings.model_name]})

    async def v1_model(self, request: Request) -> Response:
        self._check_model(request)
        return reply_json({"name": self._settings.model_name, "ready": True})

    async def v1_predict(self, request: Request) -> Response:
        self._check_model(request)
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()

        def read(body: bytes) -> tuple[Query, Write]:
            return v1.read(body, media_type, request.query_params, self._settings), _write_v1

        return await self._predictions.answer(request, read)

    async def v2_server(self, request: Request) -> Response:
        return reply_json(
            {
                "name": "circles-predictor",
                "version": self._version,
                "extensions": ["binary_tensor_data"],
            }
        )

    async def v2_live(self, request: Request) -> Response:
        return reply_json({"live": True})

    async def v2_ready(self, request: Request) -> Response:
        return reply_json({"ready": True})

    async def v2_model(self, request: Request) -> Response:
        self._check_model(request)
        return reply_json(
            {
                "name": self._settings.model_name,
                "versions": [self._version],
                "platform": "circles-predictor",
                "inputs": [{"name": v2.INPUT, "datatype": "BYTES", "shape": [-1]}],
                "outputs": [{"name": v2.OUTPUT, "datatype": "BYTES", "shape": [-1]}],
            }
        )

    async def v2_model_ready(self, request: Request) -> Response:
        self._check_model(request)
        return reply_json({"name": self._settings.model_name, "ready": True})

    async def v2_infer(self, request: Request) -> Response:
        self._check_model(request)
        header_length = request.headers.get("inference-header-content-length")

        def read(body: bytes) -> tuple[Query, Write]:
            query, reply = v2.read(body, header_length, self._settings)
            return query, lambda answers: self._write_v2(reply, answers)

        return await self._predictions.answer(request, read)

    def _write_v2(self, reply: v2.Reply, answers: list[PictureAnswer]) -> Response:
        body, headers = v2.write(
            reply, answers, model_name=self._settings.model_name, version=self._version
        )
        return Response(body, headers=headers)

    def _check_model(self, request: Request) -> None:
        if request.path_params["model"] != self._settings.model_name:
            raise Refusal(404, f"There is one model here: '{self._settings.model_name}'.")
        if request.path_params.get("version", self._version) != self._version:
            raise Refusal(404, f"There is one version here: '{self._version}'.")


def _write_v1(answers: list[PictureAnswer]) -> Response:
    return Response(v1.write(answers), media_type="application/json")
