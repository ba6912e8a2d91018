"""A merchant's own account."""

from fastapi import Response

from app.db.work import MERCHANT
from app.routers import own_account
from app.routers.merchant import login_router, router
from app.schemas.accounts import MerchantChange, NewMerchant, UserView
from app.services.accounts import accounts
from app.web import passwords
from app.web.dependencies import MerchantCall, NewMerchantCall, merchant_session, new_merchant


@login_router.post("/register", response_model=UserView, status_code=201)
async def register(body: NewMerchant, call: NewMerchantCall) -> Response:
    """Register as a merchant (商家注册)."""
    return await passwords.create_account(call, MERCHANT, body)


@router.patch("/me", response_model=UserView)
def change_me(body: MerchantChange, call: MerchantCall) -> str:
    """Change the own account (修改资料)."""
    return accounts.change_me(call, body.model_dump(exclude_unset=True))


own_account.add_to(router, login_router, session=merchant_session, newcomer=new_merchant, view=UserView)
