"""A merchant's API keys."""

from typing import Annotated

import orjson
from fastapi import Query, Response

from app.db.async_driver import on_loop
from app.routers.merchant import router
from app.schemas.api_keys import ApiKeyList, NewApiKey, NewApiKeyView
from app.schemas.paging import PageQuery
from app.services.accounts import api_keys
from app.web.dependencies import Call, MerchantCall, RowId
from app.web.door import answered


@router.get("/api-keys", response_model=ApiKeyList)
def list_api_keys(query: Annotated[PageQuery, Query()], call: MerchantCall) -> str:
    """List API keys (API 密钥列表)."""
    return api_keys.page(call, query.asked())


@router.post("/api-keys", response_model=NewApiKeyView, status_code=201)
async def create_api_key(body: NewApiKey, call: MerchantCall) -> Response:
    """Make an API key (创建 API 密钥). It is sent as `Authorization: Bearer mbk_…`, and shown here alone."""
    made: list[str] = []

    def create() -> str:
        shown, key = api_keys.create(call, name=body.name, scopes=body.scopes)
        made.append(key)
        return shown

    def with_key(call: Call, shown: str) -> str:
        return orjson.dumps({**orjson.loads(shown), "key": made[0] if made else None}).decode()

    return await on_loop(answered, call, 201, create, with_key)


@router.delete("/api-keys/{key_id}", status_code=204)
def delete_api_key(key_id: RowId, call: MerchantCall) -> None:
    """Delete an API key (删除 API 密钥). It opens nothing from now on."""
    api_keys.delete_key(call, key_id)
