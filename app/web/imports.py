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

_at_once = CapacityLimiter(2)  # each takes a core, and holds its rows in memory


async def imported(
    request: Request, call: Call, query: DryRun, read: Callable[[BinaryIO], Read], act: Callable[[Read, bool], str]
) -> Response:
    """Carry out the file in the form: `act` gets the rows that `read` found in it, and whether this is a dry run.

    Either the query or the form may ask for a dry run.
    """
    async with received(request, call, beside=("dry_run",)) as file, _at_once:
        dry_run = query.dry_run or _asked_in(dict(await request.form()))
        if dry_run and call.key is not None:
            call.key = dataclasses.replace(call.key, fingerprint=fingerprint(call.key.fingerprint.encode(), b"dry_run"))
        return await in_thread(answered_after, call, 200, lambda: read(file), lambda rows: act(rows, dry_run))


def _asked_in(form: dict[str, object]) -> bool:
    try:
        return DryRun.model_validate({name: value for name, value in form.items() if name != "file"}).dry_run
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None
