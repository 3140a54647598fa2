"""Test whose turn it is: usual work beside costly work, order, timeouts, cancelled requests."""

import asyncio

import pytest

from predictor.errors import Refusal
from predictor.server.turns import Turns


class Line:
    """Requests that take a turn each, and end when the test says so."""

    def __init__(self, count):
        self.turns = Turns(count)
        self.running, self.ends, self.tasks = [], {}, {}

    async def add(self, name, *, timeout_s=30.0):
        """Let a request wait; a capital letter is costly."""
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, timeout_s))
        await settle()

    async def _work(self, name, timeout_s):
        async with self.turns.take(costly=name.isupper(), timeout_s=timeout_s):
            self.running.append(name)
            try:
                await self.ends[name].wait()
            finally:
                self.running.remove(name)

    async def end(self, name):
        self.ends[name].set()
        await settle()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


def test_usual_work_does_not_wait_for_costly_work():
    async def play():
        line = Line(2)
        for name in "ABCa":
            await line.add(name)
        assert line.running == ["A", "a"]
        await line.add("b")
        await line.end("a")
        assert line.running == ["A", "b"]

    asyncio.run(play())


def test_costly_work_gets_a_turn_of_its_own():
    async def play():
        line = Line(2)
        for name in "abcA":
            await line.add(name)
        await line.end("a")
        assert line.running == ["b", "A"]
        await line.end("b")
        assert line.running == ["A", "c"]

    asyncio.run(play())


def test_single_turn_keeps_the_order():
    async def play():
        line, order = Line(1), []
        for name in "AbCd":
            await line.add(name)
        for name in "AbCd":
            order += line.running
            await line.end(name)
        assert order == list("AbCd")

    asyncio.run(play())


def test_turn_that_does_not_come_is_503():
    async def play():
        line = Line(1)
        await line.add("A")
        await line.add("b", timeout_s=0.01)
        with pytest.raises(Refusal) as refused:
            await line.tasks["b"]
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "2"})
        await line.end("A")
        await line.add("c", timeout_s=0.0)  # a free turn is not waited for
        assert line.running == ["c"]

    asyncio.run(play())


def test_cancelled_request_gives_its_turn_back():
    async def play():
        line = Line(1)
        for name in "Abc":
            await line.add(name)
        line.tasks["b"].cancel()
        line.tasks["A"].cancel()
        await settle()
        assert line.running == ["c"]
        await line.end("c")
        await line.add("D")
        assert line.running == ["D"]

    asyncio.run(play())
