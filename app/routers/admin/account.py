"""An admin's own account, and the other admins."""

from typing import Annotated

from fastapi import Query, Response

from app.dependencies import AdminCall, NewAdminCall, RowId
from app.loop import on_loop
from app.routers import sessions
from app.routers.admin import entrance, router
from app.routers.door import answered
from app.schemas.accounts import AccountFilters, AdminList, AdminView, Login, NewAdmin, PasswordChange, TokenView
from app.services import accounts, logins
from app.work import ADMIN


@entrance.post("/login", response_model=TokenView)
async def login(body: Login, call: NewAdminCall) -> Response:
    return await sessions.log_in(call, body)


@router.post("/logout", status_code=204)
def logout(call: AdminCall) -> None:
    logins.close_session(call)


@router.get("/me", response_model=AdminView)
def me(call: AdminCall) -> str:
    return accounts.me(call)


@router.put("/me/password", status_code=204)
async def change_password(body: PasswordChange, call: AdminCall) -> Response:
    return await sessions.change_password(call, body)


@router.get("/admins", response_model=AdminList)
def list_admins(query: Annotated[AccountFilters, Query()], call: AdminCall) -> str:
    return accounts.page(call, ADMIN, query.filters(), query.asked())


@router.post("/admins", response_model=AdminView, status_code=201)
async def create_admin(body: NewAdmin, call: AdminCall) -> Response:
    values = {"name": body.name, "password_hash": await sessions.hashed(call, body.password)}
    return await on_loop(answered, call, 201, lambda: accounts.create(call, ADMIN, **values))


@router.delete("/admins/{admin_id}", status_code=204)
def remove_admin(admin_id: RowId, call: AdminCall) -> None:
    accounts.remove_admin(call, admin_id)
