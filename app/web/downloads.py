"""Files that are made for a caller. A file is written to disk before it is sent, so a slow client holds no connection."""

import logging
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, BinaryIO, Self, cast

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import Response
from starlette.types import Receive, Scope, Send

from app.db.threads import in_thread
from app.services.uploads.storage.failures import storing
from app.web.dependencies import Call

Write = Callable[[Call, str, BinaryIO], None]
"""Writes a call's rows to a file, in the format `csv` or `xlsx`."""

log = logging.getLogger(__name__)

PATIENCE = 60  # seconds that a client may take to receive one part
_PART = 256 * 1024
_making = CapacityLimiter(2)  # each takes a thread, a connection and a core

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file (文件).", "content": {media_type.partition(";")[0]: {} for media_type in TYPES.values()}}
}


class Download(Response):
    """A temporary file as a response. It is deleted once it has been sent, or once the client has left."""

    def __init__(self, file: BinaryIO, size: int, file_format: str, name: str, status_code: int = 200) -> None:
        self.file = file
        self.status_code, self.background = status_code, None
        disposition = f'attachment; filename="{name}.{file_format}"'
        self.init_headers(
            {
                "Content-Type": TYPES[file_format],
                "Content-Length": str(size),
                "Content-Disposition": disposition,
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            }
        )

    @classmethod
    async def made(cls, call: Call, file_format: str, name: str, write: Write) -> Self:
        """Let `write` write the file in a thread; at most two are made at once. Raises StorageAway when the disk is full."""

        def make() -> tuple[BinaryIO, int]:
            with storing(), ExitStack() as unless_made:
                file = cast(BinaryIO, unless_made.enter_context(tempfile.TemporaryFile(buffering=_PART)))
                call.perform(lambda: _write_anew(call, file_format, file, write))
                size = file.tell()
                file.seek(0)
                unless_made.pop_all()  # __call__ closes the file
            return file, size

        async with _making:
            file, size = await in_thread(make)
        return cls(file, size, file_format, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while part := await to_thread.run_sync(self.file.read, _PART):
                with anyio.fail_after(PATIENCE):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except OSError as error:  # the client has left, or stopped reading
            log.info("a download was not finished: %s", type(error).__name__)
        finally:
            self.file.close()


def _write_anew(call: Call, file_format: str, file: BinaryIO, write: Write) -> None:
    """Write the file from its start, since a read that the replica breaks off is repeated at the primary."""
    file.seek(0)
    file.truncate()
    write(call, file_format, file)
