"""Define the compared servers: for each the shortest program with THREADS threads."""

MAKE_APP = """
import os
from functions_framework import create_app
app = create_app(os.environ["FUNCTION_TARGET"], os.environ["FUNCTION_SOURCE"])
port = int(os.environ["PORT"])
"""
GUNICORN = (
    MAKE_APP
    + """
from gunicorn.app.base import BaseApplication
class Server(BaseApplication):
    def load_config(self):
        settings = {"bind": f"127.0.0.1:{port}", "worker_class": "gthread", "threads": THREADS,
                    "loglevel": "error", "timeout": 0, "control_socket_disable": True}
        for key, value in settings.items():
            self.cfg.set(key, value)
    def load(self):
        return app
Server().run()
"""
)
GRANIAN = (
    MAKE_APP
    + """
from granian.constants import HTTPModes, Interfaces
from granian.server import Server
server = Server("app", address="127.0.0.1", port=port, interface=Interfaces.WSGI,
                http=HTTPModes.http1, websockets=False, blocking_threads=THREADS, log_enabled=False)
server.serve(target_loader=lambda: app, wrap_loader=False)
"""
)
GRANIAN_WORKER = (
    MAKE_APP
    + """
import asyncio, threading
from granian._futures import _new_cbscheduler
from granian._granian import ListenerSpec, WSGIWorker
from granian._signals import set_sync_signals
from granian.wsgi import _callback_wrapper
stopping, stopped, loop = set_sync_signals(), threading.Event(), asyncio.new_event_loop()
stopping.add_cb(stopped.set)
worker = WSGIWorker(1, (ListenerSpec("127.0.0.1", port, 1024), None), None, 1, 512, THREADS, 30,
                    1024, "1", None, None, None, False, None, None, None, "tls1.3", None, [], False,
                    (None, None))
callback = _new_cbscheduler(loop, _callback_wrapper(app, {}, None), impl_asyncio=True)
worker.serve_mtr(callback, loop, stopping)
stopped.wait()
"""
)
WAITRESS = (
    MAKE_APP
    + """
import signal, sys, waitress
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
waitress.serve(app, host="127.0.0.1", port=port, threads=THREADS, _quiet=True)
"""
)
CHEROOT = (
    MAKE_APP
    + """
import signal, sys
from cheroot.wsgi import Server
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Server(("127.0.0.1", port), app, numthreads=THREADS, shutdown_timeout=25).safe_start()
"""
)
SNIPPETS = {
    name: snippet.replace("THREADS", name.split()[-1])
    for name, snippet in {
        "gunicorn gthread, 8": GUNICORN,
        "granian Server, 8": GRANIAN,
        "granian WSGIWorker, 1": GRANIAN_WORKER,
        "granian WSGIWorker, 8": GRANIAN_WORKER,
        "waitress, 1": WAITRESS,
        "waitress, 8": WAITRESS,
        "cheroot, 8": CHEROOT,
    }.items()
}
"""Programs by name; the number is that of their threads."""
