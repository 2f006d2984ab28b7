"""The Hugging Face Hub: one commit with annotations and archive, or with one student; the returned revision pins it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

from gradus.archive.publishing.contents import Upload
from gradus.runtime.errors import UserError

TOKEN = "HF_TOKEN"
Kind = Literal["dataset", "model"]


def commit(
    repository: str, kind: Kind, uploads: Sequence[Upload], message: str, token: str, endpoint: str | None
) -> dict[str, object]:
    """Send everything as one commit to a private repository (made if it is not there); its revision and address.

    Large files that an earlier try sent are not sent again. UserError where the Hub refuses.
    """
    api = HfApi(endpoint=endpoint, token=token)
    operations = [CommitOperationAdd(upload.name, str(upload.path)) for upload in uploads]
    try:
        api.create_repo(repository, repo_type=kind, private=True, exist_ok=True)
        done = api.create_commit(repository, operations, commit_message=message, repo_type=kind)
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else None
        hint = (
            f"is {TOKEN} a token that may write there?" if status in (401, 403) else "try again: what was sent is kept"
        )
        raise UserError(f"the Hub refused: {str(error).splitlines()[0]}", where=repository, hint=hint) from None
    except httpx2.TransportError as error:
        raise UserError(
            f"the Hub could not be reached: {error}",
            where=endpoint or "https://huggingface.co",
            hint="try again: what was sent is kept",
        ) from None
    return {"repository": repository, "kind": kind, "revision": done.oid, "url": done.commit_url}
