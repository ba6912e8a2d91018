"""Files of the platform, which staff upload for the scene bases."""

import functools
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Query, Request, Response

from app.db.threads import in_thread
from app.routers.admin import router
from app.schemas.files import FileFilters, FileList, FileName, FileView
from app.services.uploads import files, platform_files, uses
from app.services.uploads.content import MAX_MODEL, recognition
from app.web.dependencies import AdminCall
from app.web.door import answered_after
from app.web.uploads import DOCUMENTED, name_of, received

_at_once = CapacityLimiter(1)  # it keeps a thread and a core


@router.get("/files", response_model=FileList)
def list_files(query: Annotated[FileFilters, Query()], call: AdminCall) -> str:
    """List the platform's files (平台文件列表), newest first."""
    return platform_files.page(call, query.filters(), query.asked())


@router.delete("/files/{name}", status_code=204)
def remove_file(name: FileName, call: AdminCall) -> None:
    """Remove a file of the platform's (删除平台文件) that nothing uses. 409 `file_in_use` names what does."""
    uses.remove_of_platform(call, name)


@router.post("/files", response_model=FileView, status_code=201, max_body_size=MAX_MODEL + 10_000, openapi_extra=DOCUMENTED)
async def upload_file(request: Request, call: AdminCall) -> Response:
    """Upload a file for scene bases (上传平台文件): a picture (PNG, JPEG, WebP) or a 3D model (glTF 2.0)."""
    async with received(request, call) as file, _at_once:
        name = await name_of(request)
        store = functools.partial(files.store, file, recognition.recognised)
        enter = functools.partial(platform_files.enter, call, uploaded_as=name)
        return await in_thread(answered_after, call, 201, store, enter)
