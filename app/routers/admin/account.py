"""An admin's own account, and the other admins."""

from typing import Annotated

from fastapi import Query, Response

from app.db.async_driver import on_loop
from app.db.work import ADMIN
from app.routers.admin import entrance, router
from app.schemas.accounts import AccountFilters, AdminList, AdminView, Login, NewAdmin, PasswordChange, TokenView
from app.services.accounts import accounts, logins
from app.web import passwords
from app.web.dependencies import AdminCall, NewAdminCall, RowId
from app.web.door import answered


@entrance.post("/login", response_model=TokenView)
async def login(body: Login, call: NewAdminCall) -> Response:
    return await passwords.log_in(call, body)


@router.post("/logout", status_code=204)
def logout(call: AdminCall) -> None:
    logins.close_session(call)


@router.get("/me", response_model=AdminView)
def me(call: AdminCall) -> str:
    return accounts.me(call)


@router.put("/me/password", status_code=204)
async def change_password(body: PasswordChange, call: AdminCall) -> Response:
    return await passwords.change_password(call, body)


@router.get("/admins", response_model=AdminList)
def list_admins(query: Annotated[AccountFilters, Query()], call: AdminCall) -> str:
    return accounts.page(call, ADMIN, query.filters(), query.asked())


@router.post("/admins", response_model=AdminView, status_code=201)
async def create_admin(body: NewAdmin, call: AdminCall) -> Response:
    values = {"name": body.name, "password_hash": await passwords.hashed(call, body.password)}
    return await on_loop(answered, call, 201, lambda: accounts.create(call, ADMIN, **values))


@router.delete("/admins/{admin_id}", status_code=204)
def remove_admin(admin_id: RowId, call: AdminCall) -> None:
    accounts.remove_admin(call, admin_id)
