"""A merchant's uploads."""

import functools
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Query, Request, Response

from app.db.threads import in_thread
from app.routers.merchant import router
from app.schemas.files import FileFilters, FileList, FileName, FileView
from app.services.uploads import files, uses
from app.services.uploads.content import MAX_MODEL, recognition
from app.web.dependencies import MerchantCall
from app.web.door import answered_after
from app.web.uploads import DOCUMENTED, name_of, received

_at_once = CapacityLimiter(2)  # each keeps a thread and a core


@router.get("/files", response_model=FileList)
def list_files(query: Annotated[FileFilters, Query()], call: MerchantCall) -> str:
    """List uploaded files (文件列表), newest first."""
    return files.page(call, query.filters(), query.asked())


@router.delete("/files/{name}", status_code=204)
def remove_file(name: FileName, call: MerchantCall) -> None:
    """Take a file off the list (删除文件) that nothing uses. 409 `file_in_use` names what does."""
    uses.remove(call, name)


@router.post("/files", response_model=FileView, status_code=201, max_body_size=MAX_MODEL + 10_000, openapi_extra=DOCUMENTED)
async def upload_file(request: Request, call: MerchantCall) -> Response:
    """Upload a file (上传文件): a picture (PNG, JPEG, WebP), a scene's config (JSON) or a 3D model (glTF 2.0).

    Its content tells which it is.
    """
    async with received(request, call) as file, _at_once:
        name = await name_of(request)
        store, enter = (
            functools.partial(files.store, file, recognition.recognised),
            functools.partial(files.enter, call, uploaded_as=name),
        )
        return await in_thread(answered_after, call, 201, store, enter)
