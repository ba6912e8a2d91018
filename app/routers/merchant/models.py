"""A merchant's 3D models."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.models import ModelChange, ModelFilters, ModelList, ModelView, NewModel
from app.services.catalogue import models
from app.web.dependencies import MerchantCall, RowId


@router.get("/models", response_model=ModelList)
def list_models(query: Annotated[ModelFilters, Query()], call: MerchantCall) -> str:
    """List 3D models (3D 模型列表), newest first."""
    return models.page(call, query.filters(), query.asked())


@router.post("/models", response_model=ModelView, status_code=201)
def create_model(body: NewModel, call: MerchantCall) -> str:
    """Make a 3D model (创建 3D 模型) of a .glb file. Its id may then be a product's `meta_obj_id`."""
    return models.create(call, body.model_dump())


@router.get("/models/{model_id}", response_model=ModelView)
def get_model(model_id: RowId, call: MerchantCall) -> str:
    """Show a 3D model (3D 模型详情)."""
    return models.get(call, model_id)


@router.patch("/models/{model_id}", response_model=ModelView)
def change_model(model_id: RowId, body: ModelChange, call: MerchantCall) -> str:
    """Change a 3D model (修改 3D 模型)."""
    return models.change(call, model_id, body.model_dump(exclude_unset=True))


@router.delete("/models/{model_id}", status_code=204)
def remove_model(model_id: RowId, call: MerchantCall) -> None:
    """Delete a 3D model (删除 3D 模型) that no product shows. Its files stay."""
    models.remove(call, model_id)
