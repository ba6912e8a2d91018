"""A merchant's 3D models."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.models import ModelChange, ModelFilters, ModelList, ModelView, NewModel
from app.services.catalogue import models
from app.web.dependencies import MerchantCall, RowId


@router.get("/models", response_model=ModelList)
def list_models(query: Annotated[ModelFilters, Query()], call: MerchantCall) -> str:
    return models.page(call, query.filters(), query.asked())


@router.post("/models", response_model=ModelView, status_code=201)
def create_model(body: NewModel, call: MerchantCall) -> str:
    """Name a .glb file; its id may then be a product's `meta_obj_id`."""
    return models.create(call, body.model_dump())


@router.get("/models/{model_id}", response_model=ModelView)
def get_model(model_id: RowId, call: MerchantCall) -> str:
    return models.get(call, model_id)


@router.patch("/models/{model_id}", response_model=ModelView)
def change_model(model_id: RowId, body: ModelChange, call: MerchantCall) -> str:
    return models.change(call, model_id, body.model_dump(exclude_unset=True))


@router.delete("/models/{model_id}", status_code=204)
def remove_model(model_id: RowId, call: MerchantCall) -> None:
    """Delete a model that no product shows; its files stay."""
    models.remove(call, model_id)
