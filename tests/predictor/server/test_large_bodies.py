"""Test that bodies of the largest size, received at once, fit into the manifests' memory."""

from concurrent.futures import ThreadPoolExecutor

from circles_pictures.limits import MIB
from tests.pictures.bombs import jpeg_with
from tests.predictor.process import Process

LIMIT_MIB = 520
"""420 was measured; received in pieces, which stay after they are freed, the same takes 640."""
CLIENTS = 8


def test_bodies_received_at_once_fit_into_memory():
    data = jpeg_with(before_scan=b"\xff" * (32 * MIB - 100_000))
    process = Process(PREDICTOR_CONCURRENCY="2")
    clients = [process.client() for _ in range(CLIENTS)]
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            responses = list(pool.map(lambda client: client.raw(data), clients))
        peak = process.peak_mib()
    finally:
        for client in clients:
            client.session.close()
        process.stop()

    statuses = {response.status_code for response in responses}
    assert 200 in statuses and statuses <= {200, 503}
    assert peak <= LIMIT_MIB
