"""What is said to a caller whose request is not answered with circles."""


class Refusal(Exception):
    """
    A request that gets an HTTP error instead of an answer.

    Args:
        status: 400 malformed, 404 unknown, 408 body too slow, 413 too large (bytes or pixels), 415 not a picture we
            take, 422 a picture that cannot be decoded, 503 too busy.
        message: what is wrong and what to do; goes to the caller, so no path, no inner text.
        retry_after_s: when to come again, whole seconds.
    """

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
