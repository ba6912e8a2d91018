"""A merchant's own account."""

from fastapi import Response

from app.db.async_driver import on_loop
from app.db.work import MERCHANT
from app.routers.merchant import entrance, router
from app.schemas.accounts import Login, MerchantChange, NewMerchant, PasswordChange, TokenView, UserView
from app.security import hash_password
from app.services.accounts import accounts, logins
from app.web import passwords
from app.web.dependencies import MerchantCall, NewMerchantCall
from app.web.door import answered


@entrance.post("/register", response_model=UserView, status_code=201)
async def register(body: NewMerchant, call: NewMerchantCall) -> Response:
    password_hash = await hash_password(body.password)
    values = {"name": body.name, "storename": body.storename, "password_hash": password_hash}
    return await on_loop(answered, call, 201, lambda: accounts.create(call, MERCHANT, **values))


@entrance.post("/login", response_model=TokenView)
async def login(body: Login, call: NewMerchantCall) -> Response:
    return await passwords.log_in(call, body)


@router.post("/logout", status_code=204)
def logout(call: MerchantCall) -> None:
    logins.close_session(call)


@router.get("/me", response_model=UserView)
def me(call: MerchantCall) -> str:
    return accounts.me(call)


@router.patch("/me", response_model=UserView)
def change_me(body: MerchantChange, call: MerchantCall) -> str:
    return accounts.change_me(call, body.model_dump(exclude_unset=True))


@router.put("/me/password", status_code=204)
async def change_password(body: PasswordChange, call: MerchantCall) -> Response:
    return await passwords.change_password(call, body)
