"""Route KServe's V1 and V2 protocols to one detector. Every error is {"error": "<text>"}."""

import hmac
from collections.abc import Callable
from functools import partial

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from predictor import metrics
from predictor.errors import Refusal
from predictor.inference.memory import Held, Memory
from predictor.inference.pipeline import Inference, Sources
from predictor.metrics import Stages
from predictor.protocols import json_body, v1, v2
from predictor.protocols.answers import PictureAnswer
from predictor.protocols.query import Parameters, Query
from predictor.server.access_log import AccessLog
from predictor.server.drain import Drain
from predictor.server.gate import Body, Gate
from predictor.server.replies import (
    UnexpectedErrors,
    answer_http_error,
    answer_refusal,
    reply_json,
)
from predictor.settings import Settings

Write = Callable[[list[PictureAnswer]], Response]
Read = Callable[[bytes], tuple[Query, Write]]


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
        self._memory = memory
        self._inference = inference
        self._version = inference.detector.version
        self._gate = Gate(settings, memory)

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

        return await self._predict(request, read)

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

        return await self._predict(request, read)

    def _write_v2(self, reply: v2.Reply, answers: list[PictureAnswer]) -> Response:
        body, headers = v2.write(
            reply, answers, model_name=self._settings.model_name, version=self._version
        )
        return Response(body, headers=headers)

    def _check_token(self, request: Request) -> None:
        if self._settings.token:
            wanted = f"Bearer {self._settings.token}".encode()
            sent = request.headers.get("authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(sent, wanted):
                raise Refusal(401, "Send this predictor's token as Authorization: Bearer.")

    def _check_model(self, request: Request) -> None:
        if request.path_params["model"] != self._settings.model_name:
            raise Refusal(404, f"There is one model here: '{self._settings.model_name}'.")
        if request.path_params.get("version", self._version) != self._version:
            raise Refusal(404, f"There is one version here: '{self._version}'.")

    async def _predict(self, request: Request, read: Read) -> Response:
        self._check_token(request)
        stages = Stages()
        try:
            async with self._gate.receive_body(request) as body:
                kibibytes = len(body.data) // 1024
                sources, query, write = await self._read(request, body, read, stages)
                long = self._inference.is_long(body.bytes)
                costly = long or self._inference.is_costly(sources)
                peak_bytes = self._inference.peak_bytes(sources)
                async with self._memory.hold(peak_bytes, wait_s=body.remaining_s) as memory:
                    work = partial(self._work, sources, query.parameters, write, stages, memory)
                    response, found = await self._gate.run(
                        request, work, costly=costly, timeout_s=body.remaining_s
                    )
        finally:
            stages.observe(self._settings.model_name)
        request.state.note = f"{found} in {kibibytes} KiB"
        return response

    async def _read(
        self, request: Request, body: Body, read: Read, stages: Stages
    ) -> tuple[Sources, Query, Write]:
        """Take the pictures out of a body, open them, and forget the body."""

        def work() -> tuple[Sources, Query, Write]:
            with stages.timed(metrics.PREPROCESS):
                body.memory.grow(json_body.estimate_parsing_bytes(body.data))
                query, write = read(body.data)
                return self._inference.open(query.pictures), query, write

        sources, query, write = await self._gate.run(
            request,
            work,
            costly=self._inference.is_long(body.bytes),
            timeout_s=body.remaining_s,
        )
        body.replace(sum(len(each) for each in query.pictures))
        return sources, query, write

    def _work(
        self,
        sources: Sources,
        parameters: Parameters,
        write: Write,
        stages: Stages,
        memory: Held,
    ) -> tuple[Response, str]:
        """Return the response, and how many circles it has for the log. Runs in a thread."""
        answers = self._inference.answers(sources, parameters, stages, memory)
        with stages.timed(metrics.POSTPROCESS):
            return write(answers), _count_circles(answers)


def _write_v1(answers: list[PictureAnswer]) -> Response:
    return Response(v1.write(answers), media_type="application/json")


def _count_circles(answers: list[PictureAnswer]) -> str:
    objects = sum(len(each["objects"]) for each in answers)
    return f"{objects} circle{'' if objects == 1 else 's'}"
