"""Uploaded spreadsheets whose rows are carried out as a batch."""

import dataclasses
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from anyio import CapacityLimiter
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.db.threads import in_thread
from app.schemas.batches import DryRun
from app.security import fingerprint
from app.web.dependencies import Call
from app.web.door import answered_after
from app.web.uploads import received

Read = TypeVar("Read")
Asked = TypeVar("Asked", bound=DryRun)

_at_once = CapacityLimiter(2)  # each takes a core, and holds its rows in memory


async def imported(
    request: Request, call: Call, query: Asked, read: Callable[[BinaryIO], Read], act: Callable[[Read, Asked], str]
) -> Response:
    """Carry out the file in the form: `act` gets the rows that `read` found in it, and what is asked for.

    Either the query or the form may ask for each option, such as a dry run.
    """
    async with received(request, call, beside=tuple(type(query).model_fields)) as file, _at_once:
        asked = _asked(query, dict(await request.form()))
        options = [name for name, wanted in asked if wanted]
        if options and call.key is not None:
            sent = fingerprint(call.key.fingerprint.encode(), *(name.encode() for name in options))
            call.key = dataclasses.replace(call.key, fingerprint=sent)
        return await in_thread(answered_after, call, 200, lambda: read(file), lambda rows: act(rows, asked))


def _asked(query: Asked, form: dict[str, object]) -> Asked:
    try:
        given = type(query).model_validate({name: value for name, value in form.items() if name != "file"})
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None
    return query.model_copy(update={name: True for name, wanted in given if wanted})
