"""API keys: with them a merchant's machines call the API, each within its scopes, beside the merchant's own session."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, String, bindparam, cast, delete, func, insert, or_, select, update

from app.config import MINUTE
from app.db.parameters import ACTOR_ID, API_KEY_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import NotFound, TooManyApiKeys
from app.models import ApiKey
from app.security import new_api_key
from app.services.accounts import accounts, tries
from app.services.events import audit
from app.services.paging import Listing, Page

KEY = ApiKey.__table__
MOST = 20  # of one merchant
_SHOWN = [each for each in KEY.c if each.name not in ("business_id", "digest")]
_MINE = (KEY.c.business_id == ACTOR_ID,)


def create(work: Work, *, name: str, scopes: Sequence[str]) -> tuple[JsonText, str]:
    """A new key of the merchant: as JSON, and as its holder gives it, which nothing can show again; raises TooManyApiKeys."""
    assert work.actor.id is not None
    accounts.take_turns(work)
    if work.one(_COUNT).count >= MOST:
        raise TooManyApiKeys(most=MOST)
    key_id = work.one(_NEXT_ID).id
    key, digest = new_api_key(work.actor.id, key_id)
    body = work.body(_CREATE, key_id=key_id, name=name, scopes=list(scopes), digest=digest)
    _note(work, "create", key_id, name, scopes)
    return body, key


def page(work: Work, page: Page) -> JsonText:
    """The merchant's keys, newest first, as JSON."""
    return _LISTING.page(work, page)


def delete_key(work: Work, key_id: int) -> None:
    """Delete a key: from the commit on it opens nothing. Raises NotFound."""
    row = work.one(_DELETE, key_id=key_id)
    if row is None:
        raise NotFound
    _note(work, "remove", key_id, row.name, row.scopes)


def refused(work: Work, name: str, address: str) -> tries.Try:
    """Count a call with a key that is not in force, as a try at a password is; `name` is what the key says it is.

    Raises TooManyTries.
    """
    return tries.count(work, f"api-key:{name}", address)


def used(work: Work) -> None:
    """Record that the actor's key was used."""
    work.do(_USED)


def _note(work: Work, verb: str, key_id: int, name: str, scopes: Sequence[str]) -> None:
    details = {"name": name, "scopes": list(scopes)}
    audit.note(work, verb, KEY.name, key_id, business_id=work.actor.id, details=details)


_VIEW = select(*_SHOWN)
_LISTING = Listing(_VIEW, KEY.c.id, time=KEY.c.create_time, where=_MINE)
_COUNT = Statement(select(func.count().label("count")).select_from(KEY).where(*_MINE))
_NEXT_ID = Statement(select(func.nextval("api_key_id_seq").label("id")))


def _create() -> Statement:
    written = {
        "id": bindparam("key_id"),
        "business_id": ACTOR_ID,
        "name": bindparam("name"),
        "scopes": cast(bindparam("scopes"), ARRAY(String(10))),
        "digest": bindparam("digest"),
        "create_time": NOW,
    }
    created = insert(KEY).values(**written).returning(*_SHOWN).cte("created")
    return Statement(select(json_of(select(created)).label("body")))


_CREATE = _create()
_DELETE = Statement(delete(KEY).where(KEY.c.id == bindparam("key_id"), *_MINE).returning(KEY.c.name, KEY.c.scopes))
_USED = Statement(
    update(KEY)
    .where(KEY.c.id == API_KEY_ID, or_(KEY.c.last_used.is_(None), KEY.c.last_used <= NOW - MINUTE))
    .values(last_used=NOW)
)
