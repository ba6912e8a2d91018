"""One file in a form, written to disk as it arrives. The caller's session has been checked before."""

import dataclasses
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData, UploadFile

from app.db.threads import in_thread
from app.errors import NoForm
from app.security import fingerprint
from app.services.uploads.files import digest_of
from app.services.uploads.storage.failures import storing
from app.web.dependencies import Call
from app.web.media_types import media_type
from app.web.wording import Fault

_FILE = {"type": "string", "format": "binary", "description": "The file (文件), with its name."}
_FORM = {"type": "object", "required": ["file"], "properties": {"file": _FILE}}
_LONGEST_NAME = 255  # characters
DOCUMENTED = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@asynccontextmanager
async def received(request: Request, call: Call, *, beside: tuple[str, ...] = ()) -> AsyncIterator[BinaryIO]:
    """The form's field `file`, positioned at its start. The caller's Idempotency-Key now covers its content too.

    `beside` names the other fields that the form may have; any more are refused. Raises NoForm, RequestValidationError,
    and StorageAway when the disk is full.
    """
    if media_type(request) != "multipart/form-data":
        raise NoForm
    with storing():
        form = await request.form(max_files=1, max_fields=max(1, len(beside)), max_part_size=1000)
    try:
        file = _only_file(form, beside)
        if call.key is not None:
            digest = await in_thread(digest_of, file)
            sent = fingerprint(call.key.fingerprint.encode(), digest.encode())
            call.key = dataclasses.replace(call.key, fingerprint=sent)
        yield file
    finally:
        await form.close()


async def name_of(request: Request) -> str | None:
    """The name that the sender gave the form's `file`, without its folders and what cannot be printed; None if none is left."""
    file = (await request.form()).get("file")
    given = unicodedata.normalize("NFC", getattr(file, "filename", None) or "")
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:_LONGEST_NAME] or None


def _only_file(form: FormData, beside: tuple[str, ...]) -> BinaryIO:
    unknown = [
        _fault("extra_forbidden", name, "Extra inputs are not permitted") for name in form if name not in ("file", *beside)
    ]
    file = form.get("file")
    if unknown or not isinstance(file, UploadFile):
        raise RequestValidationError(unknown or [_fault("missing", "file", "Field required")])
    return file.file


def _fault(code: str, field: str, message: str) -> Fault:
    return {"type": code, "loc": ("body", field), "msg": message}
