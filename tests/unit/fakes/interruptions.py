"""Use cases that are interrupted between any two calls of ports: killed, let down by a neighbour, or overtaken."""

from circles.domain.errors import DetectorFailed, Unavailable


class Crash(BaseException):
    """The process is killed: nothing handles it, and nothing that it left to do is done."""


class Interruptions(list):
    """
    The journal of all fakes, to which every call is appended before it acts; so it can act first.

    plan is None, or (number, what): before the number-th call from now on what happens, once: "crash", "away", or a
    function that another process runs meanwhile. After a crash every further call crashes too, until the next plan.
    """

    def __init__(self):
        super().__init__()
        self.schedule(None)

    def schedule(self, plan):
        self.dead = False
        self.left, self.what = plan or (None, None)

    def append(self, call):
        if self.dead:
            raise Crash
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self._interrupt(call)
        super().append(call)

    def _interrupt(self, call):
        if self.what == "away" and call.startswith("pictures."):
            return  # a picture is read in the process itself: the next call that goes over a wire
        self.left, what = None, self.what
        if what == "crash":
            self.dead = True
            raise Crash
        if what == "away":
            raise (DetectorFailed if call == "detector.detect" else Unavailable)("It is away.")
        what()
        self.dead = False  # it was another process that may have crashed


class Watched:
    """An adapter whose calls stand in a journal, as those of the fakes do."""

    def __init__(self, adapter, port, journal):
        self._adapter, self._port, self._journal = adapter, port, journal

    def __getattr__(self, method):
        call = getattr(self._adapter, method)

        def watched(*args, **kwargs):
            self._journal.append(f"{self._port}.{method}")
            return call(*args, **kwargs)

        return watched
