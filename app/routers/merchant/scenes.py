"""A merchant's scenes, and the bases that they are built on."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.paging import PageQuery
from app.schemas.scenes import NewScene, SceneBaseList, SceneChange, SceneFilters, SceneList, SceneView
from app.services.scenes import scene_bases, scenes
from app.web.dependencies import MerchantCall, RowId


@router.get("/scenes", response_model=SceneList)
def list_scenes(query: Annotated[SceneFilters, Query()], call: MerchantCall) -> str:
    """List scenes (场景列表), newest first."""
    return scenes.page(call, query.filters(), query.asked())


@router.post("/scenes", response_model=SceneView, status_code=201)
def create_scene(body: NewScene, call: MerchantCall) -> str:
    """Make a scene (创建场景)."""
    return scenes.create(call, body.model_dump())


@router.get("/scenes/{scene_id}", response_model=SceneView)
def get_scene(scene_id: RowId, call: MerchantCall) -> str:
    """Show a scene (场景详情)."""
    return scenes.get(call, scene_id)


@router.patch("/scenes/{scene_id}", response_model=SceneView)
def change_scene(scene_id: RowId, body: SceneChange, call: MerchantCall) -> str:
    """Change a scene (修改场景)."""
    return scenes.change(call, scene_id, body.model_dump(exclude_unset=True))


@router.delete("/scenes/{scene_id}", status_code=204)
def remove_scene(scene_id: RowId, call: MerchantCall) -> None:
    """Delete a scene (删除场景). The files that it names stay."""
    scenes.remove(call, scene_id)


@router.get("/scene-bases", response_model=SceneBaseList)
def list_scene_bases(query: Annotated[PageQuery, Query()], call: MerchantCall) -> str:
    """List scene bases (基础场景列表)."""
    return scene_bases.page(call, query.asked())
