"""An admin's own account, and the other admins."""

from typing import Annotated

from fastapi import Query, Response

from app.db.work import ADMIN
from app.routers import own_account
from app.routers.admin import login_router, router
from app.schemas.accounts import AccountFilters, AdminList, AdminView, NewAdmin
from app.services.accounts import accounts, staff
from app.web import passwords
from app.web.dependencies import AdminCall, RowId, admin_session, new_admin

own_account.add_to(router, login_router, session=admin_session, newcomer=new_admin, view=AdminView)


@router.get("/admins", response_model=AdminList)
def list_admins(query: Annotated[AccountFilters, Query()], call: AdminCall) -> str:
    """List admins (管理员列表)."""
    return accounts.page(call, ADMIN, query.filters(), query.asked())


@router.post("/admins", response_model=AdminView, status_code=201)
async def create_admin(body: NewAdmin, call: AdminCall) -> Response:
    """Make an admin (新增管理员)."""
    return await passwords.create_account(call, ADMIN, body)


@router.delete("/admins/{admin_id}", status_code=204)
def remove_admin(admin_id: RowId, call: AdminCall) -> None:
    """Remove an admin (删除管理员); the last one stays."""
    staff.remove_admin(call, admin_id)
