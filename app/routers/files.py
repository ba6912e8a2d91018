"""Uploaded files, for anyone who knows their name."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.errors import NotFound, RangeNotSatisfiable
from app.services.uploads.content import MEDIA_TYPES
from app.services.uploads.files import URL
from app.services.uploads.storage import storage
from app.services.uploads.storage.s3 import Stream
from app.web.etags import is_known

router = APIRouter(tags=["anyone"])

_NAME = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(MEDIA_TYPES)})")
_KEPT_AS_IS = {
    "Access-Control-Allow-Origin": "*",  # viewers of models fetch them by script, from wherever they stand
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_CONFIG = {"type": "string", "format": "binary", "description": "A scene's config (场景配置).", "example": '{"lights": 3}'}
_FILE: dict[str, Any] = {
    "content": {
        media_type: {"schema": _CONFIG} if media_type == "application/json" else {} for media_type in MEDIA_TYPES.values()
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file (文件).", **_FILE},
    206: {
        "description": "The part of it that was asked for (部分内容), or several.",
        "content": {**_FILE["content"], "multipart/byteranges": {}},
    },
    304: {"description": "The caller has it already (未修改)."},
}


@router.head(URL + "{name}", response_class=FileResponse, include_in_schema=False)
@router.get(URL + "{name}", response_class=FileResponse, responses=_ANSWERS)
async def get_file(name: str, request: Request) -> Response:
    """Get an uploaded file (下载文件), for any origin. What a name stands for never changes, so it may be kept for good.

    Parts of it can be asked for where files lie in a folder; from a bucket it comes whole.
    """
    if not _NAME.fullmatch(name):
        raise NotFound
    etag = f'"{name.partition(".")[0]}"'
    if is_known(request, etag):
        if not await storage().holds(name):
            raise NotFound
        return Response(status_code=304, headers={**_KEPT_AS_IS, "ETag": etag})
    return _sent(request, name, etag, await storage().read(name))


def _sent(request: Request, name: str, etag: str, found: Path | Stream | None) -> Response:
    """The file; raises NotFound and RangeNotSatisfiable."""
    if found is None:
        raise NotFound
    headers = {**_KEPT_AS_IS, "ETag": etag, "Content-Disposition": f'inline; filename="{name}"'}
    media_type = MEDIA_TYPES[name.partition(".")[2]]
    if isinstance(found, Path):
        return _Stored(found, headers=headers, media_type=media_type)
    headers["Content-Length"] = str(found.size)
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    return StreamingResponse(found.pieces, headers=headers, media_type=media_type)


class _Stored(FileResponse):
    """A stored file, or parts of it; what is no range of bytes is taken for no Range at all (RFC 9110, 14.2)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_unless_refused(message: Message) -> None:
            if message.get("status") == HTTPStatus.BAD_REQUEST:
                raise _NotUnderstood
            if message.get("status") == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise RangeNotSatisfiable(size=self.headers["Content-Length"])
            await send(message)

        try:
            await super().__call__(scope, receive, send_unless_refused)
        except _NotUnderstood:
            rest = [(name, value) for name, value in scope["headers"] if name != b"range"]
            await super().__call__({**scope, "headers": rest}, receive, send)


class _NotUnderstood(Exception):
    """The Range is no range of bytes."""
