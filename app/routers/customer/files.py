"""A buyer's pictures, to be shown as evidence in a ticket."""

import functools

from anyio import CapacityLimiter
from fastapi import Request, Response

from app.db.threads import in_thread
from app.routers.customer import router
from app.schemas.files import PictureView
from app.services.uploads import customer_files, files
from app.services.uploads.content import MAX_IMAGE, recognition
from app.web.dependencies import CustomerCall
from app.web.door import answered_after
from app.web.uploads import DOCUMENTED, received

_at_once = CapacityLimiter(1)  # pictures are drawn one at a time, and merchants' take their turns too


@router.post("/files", response_model=PictureView, status_code=201, max_body_size=MAX_IMAGE + 10_000, openapi_extra=DOCUMENTED)
async def upload_picture(request: Request, call: CustomerCall) -> Response:
    """Upload a picture (上传图片): PNG, JPEG or WebP."""
    async with received(request, call) as file, _at_once:
        store = functools.partial(files.store, file, recognition.picture)
        enter = functools.partial(customer_files.enter, call)
        return await in_thread(answered_after, call, 201, store, enter)
