"""From a request's body to its response: wait for memory and a turn, decode, find circles."""

import hmac
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from predictor import metrics
from predictor.errors import Refusal
from predictor.inference.memory import Held, Memory
from predictor.inference.pipeline import Inference, Sources
from predictor.metrics import Stages
from predictor.protocols import json_body
from predictor.protocols.answers import PictureAnswer
from predictor.protocols.query import Parameters, Query
from predictor.server.gate import Body, Gate
from predictor.settings import Settings

Write = Callable[[list[PictureAnswer]], Response]
Read = Callable[[bytes], tuple[Query, Write]]


class Predictions:
    """What V1 and V2 have in common."""

    def __init__(self, inference: Inference, settings: Settings, memory: Memory) -> None:
        self._settings = settings
        self._memory = memory
        self._inference = inference
        self._gate = Gate(settings, memory)

    async def answer(self, request: Request, read: Read) -> Response:
        """Return the response to a request, whose body read() understands."""
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

    def _check_token(self, request: Request) -> None:
        if self._settings.token:
            wanted = f"Bearer {self._settings.token}".encode()
            sent = request.headers.get("authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(sent, wanted):
                raise Refusal(401, "Send this predictor's token as Authorization: Bearer.")


def _count_circles(answers: list[PictureAnswer]) -> str:
    objects = sum(len(each["objects"]) for each in answers)
    return f"{objects} circle{'' if objects == 1 else 's'}"
