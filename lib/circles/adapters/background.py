"""Background work in a few daemon threads, which start with the first task."""

import contextvars
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from circles.domain.waiting import end_waiting

log = logging.getLogger("circles")

Work = Callable[[], object]


class Background:
    """
    Run tasks in threads, one at a time for each key.

    A key has at most one waiting task. A task that has not run when the process ends is lost.
    """

    def __init__(self, threads: int, *, most_waiting: int = 1000) -> None:
        self._threads = threads
        self._most_waiting = most_waiting
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, Work] = OrderedDict()
        self._running: set[str] = set()
        self._begun = 0

    def submit(self, work: Work, *, key: str) -> None:
        """
        Run work soon, with the caller's context variables, but without its deadline.

        It is dropped when its key or too many other tasks are already waiting.
        """
        context = contextvars.copy_context()
        with self._changed:
            if key in self._waiting or len(self._waiting) >= self._most_waiting:
                return
            self._waiting[key] = lambda: context.run(_without_deadline, work)
            if self._begun < min(self._threads, len(self._waiting) + len(self._running)):
                self._begun += 1
                threading.Thread(
                    target=self._serve, daemon=True, name=f"background-{self._begun}"
                ).start()
            self._changed.notify()

    def drain(self, timeout_s: float) -> bool:
        """Wait at most timeout_s for all tasks; return whether all are done."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._running, timeout_s
            )

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._next_key)
                key = self._next_key() or ""
                work = self._waiting.pop(key)
                self._running.add(key)
            try:
                work()
            except Exception:
                log.exception("background work %s failed", key)
            with self._changed:
                self._running.remove(key)
                self._changed.notify_all()

    def _next_key(self) -> str | None:
        return next((key for key in self._waiting if key not in self._running), None)


def _without_deadline(work: Work) -> object:
    end_waiting()
    return work()
