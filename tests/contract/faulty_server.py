"""Raw socket server that resets, hangs, drips or truncates its answers."""

import socket
import struct
import threading
from contextlib import contextmanager, suppress


class Connection:
    """A connection whose request has been read completely."""

    def __init__(self, peer, gone):
        self.peer = peer
        self.request = _read_request(peer)
        self._gone = gone

    def send(self, data):
        self.peer.sendall(data)

    def answer(self, status, body=b"", content_type="application/json", **headers):
        lines = [
            f"HTTP/1.1 {status} Whatever",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
        ]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)

    def reset(self):
        """Close with RST instead of FIN."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()

    def hold(self):
        """Send nothing until the client disconnects or the test ends."""
        while not self._gone.is_set():
            with suppress(TimeoutError):
                self.peer.settimeout(0.05)
                if not self.peer.recv(1):
                    return

    def pause(self, seconds):
        """Wait, unless the test ends."""
        self._gone.wait(seconds)

    def drip(self, piece, pause_s):
        """Send piece repeatedly until the client disconnects or the test ends."""
        while not self._gone.wait(pause_s):
            self.send(piece)


@contextmanager
def faulty_server(behave):
    """
    Serve a free port with behave(number, connection), numbered from 0.

    Yields the URL and the list of connections so far. A client that disconnects is not an error.
    """
    came, threads, gone = [], [], threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(number, peer):
        with peer, suppress(OSError):
            came[number] = connection = Connection(peer, gone)
            behave(number, connection)

    def accept():
        with suppress(OSError):
            while not gone.is_set():
                peer, _ = listener.accept()
                if gone.is_set():
                    peer.close()
                    return
                came.append(None)
                threads.append(threading.Thread(target=serve, args=(len(came) - 1, peer)))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
    finally:
        gone.set()
        with suppress(OSError):
            socket.create_connection(listener.getsockname(), 1).close()  # unblocks accept
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


def _read_request(peer):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1]
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length and (piece := peer.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body
