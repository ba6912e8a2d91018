"""Accounts: logging in, registering, changing oneself, and how each kind of account is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from app.schemas.fields import Change, Email, GivenPassword, Input, Line, Name, Password, Phone, understood_as
from app.schemas.paging import Listed, PageQuery
from app.services.orders.receivers import phone_key


class Login(Input):
    name: Name
    password: GivenPassword


class NewMerchant(Input):
    name: Name
    password: Password
    storename: Annotated[str, Line(50)]


class NewCustomer(Input):
    name: Name
    password: Password
    email_address: Email
    tel_phone: Phone


class NewAdmin(Input):
    name: Name
    password: Password


class MerchantChange(Change):
    name: Name = ""
    storename: Annotated[str, Line(50)] = ""


class CustomerChange(Change):
    name: Name = ""
    email_address: Email = ""
    tel_phone: Phone = ""


class PasswordChange(Input):
    old_password: GivenPassword
    new_password: Password


class AccountDeletion(Input):
    """The password confirms that it is meant."""

    password: GivenPassword


class PasswordReset(Input):
    new_password: Password


class AccountFilters(PageQuery):
    name: Annotated[str, Line(255)] | None = None


class CustomerFilters(AccountFilters):
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9]{5,12}$"), understood_as(phone_key)] | None = None


class UserFilters(AccountFilters):
    status: Annotated[int, Field(ge=0, le=1)] | None = None


class TokenView(BaseModel):
    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class AdminView(BaseModel):
    id: int
    name: str
    create_time: int
    update_time: int
    last_login: int | None


class UserView(AdminView):
    storename: str
    status: Literal[0, 1]


class CustomerView(AdminView):
    email_address: str | None
    tel_phone: str | None


class AdminList(Listed):
    items: list[AdminView]


class UserList(Listed):
    items: list[UserView]


class CustomerList(Listed):
    items: list[CustomerView]
