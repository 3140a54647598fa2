"""Receive and discard the rest of a refused body, so that the client sees the error."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_DRAIN_S = 5.0


class Drain:
    """
    ASGI middleware that delays an error until the client has sent its body, at most MAX_DRAIN_S.

    A client that is still sending when the connection closes gets a reset and never sees the 413.
    One that waits for permission (Expect: 100-continue) gets the error immediately.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = all(name != b"expect" for name, _ in scope["headers"])

        async def receive_and_note() -> Message:
            nonlocal sending
            message = await receive()
            sending = sending and message.get("more_body", False)
            return message

        async def drain_and_send(message: Message) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and message["status"] >= 400 and message["status"] != 408:
                try:
                    async with asyncio.timeout(MAX_DRAIN_S):
                        while sending:
                            await receive_and_note()
                except TimeoutError:
                    pass
            await send(message)

        await self.app(scope, receive_and_note, drain_and_send)
