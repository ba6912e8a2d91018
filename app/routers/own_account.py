"""What everyone with an account does with it: log in and out, look at it, change its password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from app.schemas.accounts import Login, PasswordChange, TokenView
from app.services.accounts import accounts, logins
from app.web import passwords
from app.web.dependencies import Call, CallOf


def add_to(router: APIRouter, login_router: APIRouter, *, session: CallOf, newcomer: CallOf, view: type[BaseModel]) -> None:
    """Add these routes to an audience's routers; `login_router` asks for no session, and `view` is how an account is shown."""

    @login_router.post("/login", response_model=TokenView)
    async def login(body: Login, call: Annotated[Call, Depends(newcomer)]) -> Response:
        """Log in (登录): a token for the audience, which ends the session before."""
        return await passwords.log_in(call, body)

    @router.post("/logout", status_code=204)
    def logout(call: Annotated[Call, Depends(session)]) -> None:
        """Log out (退出登录): the token opens nothing from now on."""
        logins.close_session(call)

    @router.get("/me", response_model=view)
    def me(call: Annotated[Call, Depends(session)]) -> str:
        """Show the own account (我的账号)."""
        return accounts.me(call)

    @router.put("/me/password", status_code=204)
    async def change_password(body: PasswordChange, call: Annotated[Call, Depends(session)]) -> Response:
        """Change the own password (修改密码). This session goes on."""
        return await passwords.change_password(call, body)
