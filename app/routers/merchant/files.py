"""A merchant's uploads."""

import functools

from anyio import CapacityLimiter
from fastapi import Request, Response

from app.db.threads import in_thread
from app.routers.merchant import router
from app.schemas.files import FileView
from app.services.uploads import files
from app.services.uploads.content import MAX_MODEL
from app.web.dependencies import MerchantCall
from app.web.door import answered_after
from app.web.uploads import DOCUMENTED, received

_at_once = CapacityLimiter(2)  # each keeps a thread and a core


@router.post("/files", response_model=FileView, status_code=201, max_body_size=MAX_MODEL + 10_000, openapi_extra=DOCUMENTED)
async def upload_file(request: Request, call: MerchantCall) -> Response:
    """Upload a picture (PNG, JPEG, WebP), a scene's config (JSON) or a 3D model (glTF 2.0): its content tells which it is."""
    async with received(request, call) as file, _at_once:
        store, enter = functools.partial(files.store, file), functools.partial(files.enter, call)
        return await in_thread(answered_after, call, 201, store, enter)
