"""The scene bases, kept by staff."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.paging import PageQuery
from app.schemas.scenes import NewSceneBase, SceneBaseChange, SceneBaseList, SceneBaseView
from app.services.scenes import scene_bases
from app.web.dependencies import AdminCall, RowId


@router.get("/scene-bases", response_model=SceneBaseList)
def list_scene_bases(query: Annotated[PageQuery, Query()], call: AdminCall) -> str:
    """List scene bases (基础场景列表)."""
    return scene_bases.page(call, query.asked())


@router.post("/scene-bases", response_model=SceneBaseView, status_code=201)
def create_scene_base(body: NewSceneBase, call: AdminCall) -> str:
    """Make a scene base (新增基础场景)."""
    return scene_bases.create(call, body.model_dump())


@router.patch("/scene-bases/{base_id}", response_model=SceneBaseView)
def change_scene_base(base_id: RowId, body: SceneBaseChange, call: AdminCall) -> str:
    """Change a scene base (修改基础场景)."""
    return scene_bases.change(call, base_id, body.model_dump(exclude_unset=True))


@router.delete("/scene-bases/{base_id}", status_code=204)
def remove_scene_base(base_id: RowId, call: AdminCall) -> None:
    """Delete a scene base (删除基础场景); one that scenes are built on stays (409)."""
    scene_bases.remove(call, base_id)
