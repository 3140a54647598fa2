"""What a 4xx of an S3 server is about, and how its reason is told."""

from minio.error import S3Error

from circles.formats.fields import clean_text

_NOT_THE_OBJECTS = frozenset(
    """AccountProblem AllAccessDisabled AuthorizationHeaderMalformed ConditionalRequestConflict
    ExpiredToken IllegalLocationConstraintException InvalidAccessKeyId InvalidBucketName
    InvalidRegion InvalidSecurity InvalidToken NotSignedUp OperationAborted PermanentRedirect
    Redirect RequestExpired RequestTimeout RequestTimeTooSkewed SignatureDoesNotMatch SlowDown
    TemporaryRedirect TokenRefreshRequired TooManyRequests""".split()
)
"""Codes of a 4xx that concern the caller, the bucket or the time (Amazon S3 API Reference, "Error
responses"). All others concern one object: archived, encrypted with a client's key, locked."""


def may_be_about_object(error: S3Error) -> bool:
    """Return whether an error may be about the one object. AccessDenied may be about the caller."""
    return error.response.status < 500 and error.code not in _NOT_THE_OBJECTS


def reason_of(error: S3Error) -> str:
    """Return one line for the client and the record: the server's code and words."""
    words = clean_text(f"{error.code}. {error.message or ''}", 200)
    return f"The object store refuses this object: {words}"
