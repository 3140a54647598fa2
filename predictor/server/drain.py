"""Errors that reach their caller: a refused body is received to its end, and thrown away, before the answer."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATIENCE_S = 5.0


class Drain:
    """
    ASGI middleware. A client that is still sending when the connection closes gets a reset and never sees the 413.

    Nothing is kept, PATIENCE_S is the limit, and a client that asked first (Expect: 100-continue) is told at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = all(name != b"expect" for name, _ in scope["headers"])

        async def noting_receive() -> Message:
            nonlocal sending
            message = await receive()
            sending = sending and message.get("more_body", False)
            return message

        async def draining_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400 and message["status"] != 408:
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        while sending:
                            await noting_receive()
                except TimeoutError:
                    pass
            await send(message)

        await self.app(scope, noting_receive, draining_send)
