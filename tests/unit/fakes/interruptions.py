"""
Interrupt a use case between any two port calls.

It is killed, a dependency is unavailable, or another process acts.
"""

from circles.domain.errors import DetectorUnavailable, Unavailable


class Crash(BaseException):
    """The process is killed. Nothing handles this, and no pending work is done."""


class Interruptions(list):
    """
    Journal of port calls that can interrupt the use case.

    plan is None or (number, what). Before call number from now on, what happens once: "crash",
    "unavailable", or a function that another process runs at that moment. After a crash every
    further call crashes too, until the next plan.
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
        if self.what == "unavailable" and call.startswith("pictures."):
            return  # pictures are read in this process, so take the next call over the network
        self.left, what = None, self.what
        if what == "crash":
            self.dead = True
            raise Crash
        if what == "unavailable":
            raise (DetectorUnavailable if call == "detector.detect" else Unavailable)(
                "It is unavailable."
            )
        what()
        self.dead = False  # another process may have crashed in it


class Watched:
    """Record the calls of an adapter in the journal, as the fakes do."""

    def __init__(self, adapter, port, journal):
        self._adapter, self._port, self._journal = adapter, port, journal

    def __getattr__(self, method):
        call = getattr(self._adapter, method)

        def watched(*args, **kwargs):
            self._journal.append(f"{self._port}.{method}")
            return call(*args, **kwargs)

        return watched
