"""Let clients upload into the bucket, past this service."""

from datetime import timedelta

from circles.domain.blobs import UploadForm
from circles.domain.errors import Malformed, NotConfigured
from circles.domain.identifiers import new_id, object_folder
from circles.domain.images import clean_file_name
from circles.domain.services import Services

VALID_FOR = timedelta(hours=1)


def presign_upload(
    file_name: str, batch: str | None, services: Services, *, idempotency_key: str | None = None
) -> UploadForm:
    """
    Return a form for one file under the incoming prefix; its event does the rest.

    The object's key is new, so that no form replaces the file of another one. The same idempotency
    key gives the same object's key: the same bytes there are the same image, however often they are
    put.

    Raises:
        NotConfigured: clients do not reach the store.
        Malformed: nothing of the name can be shown, or it is too long for a key.
    """
    if services.upload_forms is None:
        raise NotConfigured("Files cannot be put into the bucket here: send them to /images/.")
    name = clean_file_name(file_name)
    if name is None:
        raise Malformed("file_name has no printable character.")
    # the first folder names the batch, so a file without one lies in no folder
    own = object_folder(idempotency_key) if idempotency_key else new_id()
    folder = f"{batch}/{own}/" if batch else f"{own}-"
    return services.upload_forms.sign(
        f"{services.rules.incoming_prefix}{folder}{name}",
        expires_at=services.now() + VALID_FOR,
        max_bytes=services.rules.max_upload_bytes,
    )
