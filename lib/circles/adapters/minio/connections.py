"""Connections to an S3 endpoint."""

import urllib3


def make_pool(threads: int, timeout_s: float) -> urllib3.PoolManager:
    """
    Return a pool with one connection per thread.

    It retries twice if the endpoint resets the connection or answers that it is overloaded.
    """
    return urllib3.PoolManager(
        maxsize=threads,
        timeout=urllib3.Timeout(connect=min(2.0, timeout_s), read=timeout_s),
        retries=urllib3.Retry(
            total=2,
            backoff_factor=0.1,
            status_forcelist=(500, 502, 503, 504),
            raise_on_status=False,
        ),
    )
