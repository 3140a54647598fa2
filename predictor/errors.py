"""Errors that a client sees."""


class Refusal(Exception):
    """
    A request that is answered with an HTTP error.

    Args:
        status: 400 malformed, 401 without the token, 404 unknown, 408 body too slow, 413 too large
            (bytes or pixels), 415 unsupported kind of picture, 422 picture that cannot be decoded,
            503 too busy.
        message: what is wrong and what to do. The client reads it: do not name paths or internals.
        retry_after_s: when to try again, whole seconds.
    """

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
