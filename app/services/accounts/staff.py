"""What staff do to accounts: disabling and enabling merchants, resetting their passwords, removing admins."""

from sqlalchemy import bindparam, delete, null, select, update

from app.db.caller import ACCOUNTS
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import ADMIN, MERCHANT, Work
from app.errors import LastAdmin, NotFound
from app.models.user import DISABLED, NORMAL
from app.services.accounts import accounts
from app.services.events import audit

USER = ACCOUNTS[MERCHANT]
_ADMINS = ACCOUNTS[ADMIN]


def disable(work: Work, user_id: int) -> JsonText:
    """Disable a merchant, whose session is refused from now on; the merchant as JSON. Raises NotFound."""
    return _set_status(work, "disable", user_id, DISABLED)


def enable(work: Work, user_id: int) -> JsonText:
    """Let a merchant in again, once they log in anew; the merchant as JSON. Raises NotFound."""
    return _set_status(work, "enable", user_id, NORMAL)


def reset_password(work: Work, user_id: int, password_hash: str) -> JsonText:
    """Set a merchant's password and end their session; the merchant as JSON. Raises NotFound."""
    accounts.set_password(work, MERCHANT, user_id, password_hash)
    return accounts.get(work, MERCHANT, user_id)


def remove_admin(work: Work, admin_id: int) -> None:
    """Delete an admin; raises NotFound, LastAdmin."""
    admins = {row.id for row in work.all(_LOCK_ADMINS)}
    if admin_id not in admins:
        raise NotFound
    if len(admins) == 1:
        raise LastAdmin
    work.do(_REMOVE_ADMIN, account_id=admin_id)
    audit.note(work, "remove", "admin", admin_id)


def _set_status(work: Work, verb: str, user_id: int, status: int) -> JsonText:
    if work.do(_STATUS[status], account_id=user_id, status=status):
        audit.note(work, verb, "user", user_id, business_id=user_id)
    return accounts.get(work, MERCHANT, user_id)


_LOCK_ADMINS = Statement(select(_ADMINS.c.id).order_by(_ADMINS.c.id).with_for_update())
_REMOVE_ADMIN = Statement(delete(_ADMINS).where(_ADMINS.c.id == bindparam("account_id")))
_SET_STATUS = (
    update(USER)
    .where(USER.c.id == bindparam("account_id"), USER.c.status != bindparam("status"))
    .values(status=bindparam("status"), update_time=NOW)
)
_STATUS = {DISABLED: Statement(_SET_STATUS), NORMAL: Statement(_SET_STATUS.values(auth_token=null()))}
