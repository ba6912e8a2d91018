"""The webhooks of a merchant or the platform: the URL that events are sent to, which events, the secret that signs them."""

from collections.abc import Mapping
from functools import cache

import orjson
from sqlalchemy import ARRAY, String, bindparam, case, cast, func, insert, null, select, update

from app.config import DAY
from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import Condition, Expression, JsonText
from app.db.work import PLATFORM, Work
from app.errors import NotFound, TooManyWebhooks
from app.models import Webhook
from app.models.webhook import DISABLED, ENABLED, REMOVED
from app.services.accounts import accounts
from app.services.events import audit
from app.services.events.stream import HORIZON
from app.services.ownership import WEBHOOKS, owned
from app.services.paging import Listing, Page
from app.services.webhooks.leases import RESTED
from app.services.webhooks.secrets import secret_of

WEBHOOK = Webhook.__table__
FILTERS = {"status": WEBHOOK.c.status == bindparam("status")}
MOST = 10  # of one owner
OVERLAP = DAY  # how long the secret before the newest signs too

_SHOWN = ("id", "url", "description", "types", "verbs", "verb_as_type", "status", "disabled_reason", "failing_since")
_TIMES = ("create_time", "update_time")
_ARRAYS = {"types": ARRAY(String(50)), "verbs": ARRAY(String(30))}
_LOCK = 0x776562686F6F6B  # the advisory lock under which the platform's webhooks are counted


def create(work: Work, values: Mapping[str, object]) -> JsonText:
    """A new webhook, which gets the events from now on, as JSON without its secret; raises TooManyWebhooks."""
    given = {**values, **_filter(values)}
    _take_turns(work)
    if work.one(_count(work.actor.kind)).count >= MOST:
        raise TooManyWebhooks(most=MOST)
    row = work.one(_CREATE, **given)
    _note(work, "create", row.id, given)
    return get(work, row.id)


def get(work: Work, webhook_id: int) -> JsonText:
    """One webhook of the caller as JSON; raises NotFound."""
    return work.body(_one(work.actor.kind), webhook_id=webhook_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The caller's webhooks that pass all `filters` (names of FILTERS), newest first, as JSON."""
    return _listing(work.actor.kind).page(work, page, filters)


def change(work: Work, webhook_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns, enable, disable, rotate the secret; as JSON, with the secret if it is new. Raises NotFound."""
    rotated = bool(values.get("rotate_secret"))
    changed = {name: value for name, value in {**values, **_filter(values)}.items() if name != "rotate_secret" or value}
    if not changed:
        return with_secret(work, get(work, webhook_id), shown=False)
    if work.one(_change(work.actor.kind, frozenset(changed)), webhook_id=webhook_id, **changed) is None:
        raise NotFound
    _note(work, "change", webhook_id, changed)
    return with_secret(work, get(work, webhook_id), shown=rotated)


def remove(work: Work, webhook_id: int) -> None:
    """Stop sending to it at once; the worker deletes it later, with its deliveries. Raises NotFound."""
    if not work.do(_remove(work.actor.kind), webhook_id=webhook_id):
        raise NotFound
    audit.note(work, "remove", "webhook", webhook_id, business_id=work.actor.id)


def with_secret(work: Work, body: JsonText, *, shown: bool = True) -> JsonText:
    """The JSON of a webhook with its `secret`: null unless it is `shown`."""
    webhook = orjson.loads(body)
    row = work.one(_seed(work.actor.kind), webhook_id=webhook["id"]) if shown else None
    return orjson.dumps({**webhook, "secret": row and secret_of(webhook["id"], row.secret_seed)}).decode()


def _filter(values: Mapping[str, object]) -> dict[str, object]:
    """The columns that the named filter becomes: `types` and `verbs` exclude each other, and who names verbs is told verbs."""
    if values.get("verbs"):
        return {"types": None, "verbs": values["verbs"], "verb_as_type": True}
    if "types" in values:
        return {"types": values["types"] or None, "verbs": None, "verb_as_type": False}
    return {"types": None, "verbs": None} if "verbs" in values else {}


def _take_turns(work: Work) -> None:
    """Let one caller at a time count the owner's webhooks and add one."""
    if work.actor.kind == PLATFORM:
        work.one(_LOCK_PLATFORM)
    else:
        accounts.take_turns(work)


def _note(work: Work, verb: str, webhook_id: int, values: Mapping[str, object]) -> None:
    details = {name: value for name, value in values.items() if name != "url"}  # URLs may hold a merchant's own secrets
    audit.note(work, verb, "webhook", webhook_id, business_id=work.actor.id, details=details)


def _these(kind: str) -> tuple[Condition, ...]:
    return (owned(WEBHOOKS, kind, WEBHOOK), WEBHOOK.c.status != REMOVED)


def _this(kind: str) -> tuple[Condition, ...]:
    return (WEBHOOK.c.id == bindparam("webhook_id"), *_these(kind))


@cache
def _change(kind: str, names: frozenset[str]) -> Statement:
    written = {name: _bound(name) for name in sorted(names - {"rotate_secret"})}
    if "url" in names:
        written["leased_until"] = RESTED
    if "status" in names:
        starting = (WEBHOOK.c.status == DISABLED) & (bindparam("status") == ENABLED)
        written |= {
            "disabled_reason": case(
                (bindparam("status") == ENABLED, null()), else_=func.coalesce(WEBHOOK.c.disabled_reason, kind)
            ),
            "failing_since": case((starting, null()), else_=WEBHOOK.c.failing_since),
            "txid": case((starting, HORIZON), else_=WEBHOOK.c.txid),
            "event_id": case((starting, 0), else_=WEBHOOK.c.event_id),
        }
    if "rotate_secret" in names:
        written |= {
            "secret_seed": func.gen_random_uuid(),
            "previous_seed": WEBHOOK.c.secret_seed,
            "previous_until": NOW + OVERLAP,
        }
    return Statement(update(WEBHOOK).where(*_this(kind)).values(**written, update_time=NOW).returning(WEBHOOK.c.id))


def _bound(name: str) -> Expression:
    return cast(bindparam(name), _ARRAYS[name]) if name in _ARRAYS else bindparam(name)


@cache
def _listing(kind: str) -> Listing:
    return Listing(_VIEW, WEBHOOK.c.id, time=WEBHOOK.c.create_time, where=_these(kind), filters=FILTERS)


@cache
def _one(kind: str) -> Statement:
    return Statement(select(json_of(_VIEW.where(*_this(kind))).label("body")))


@cache
def _seed(kind: str) -> Statement:
    return Statement(select(WEBHOOK.c.secret_seed).where(*_this(kind)))


@cache
def _count(kind: str) -> Statement:
    return Statement(select(func.count().label("count")).select_from(WEBHOOK).where(*_these(kind)))


@cache
def _remove(kind: str) -> Statement:
    return Statement(update(WEBHOOK).where(*_this(kind)).values(status=REMOVED, update_time=NOW, due_time=null()))


_VIEW = select(*(WEBHOOK.c[name] for name in (*_SHOWN, *_TIMES)))
_CREATE = Statement(
    insert(WEBHOOK)
    .values(
        business_id=ACTOR_ID,
        status=ENABLED,
        create_time=NOW,
        update_time=NOW,
        txid=HORIZON,
        event_id=0,
        **{name: _bound(name) for name in ("url", "types", "verbs", "verb_as_type", "description")},
    )
    .returning(WEBHOOK.c.id)
)
_LOCK_PLATFORM = Statement(select(func.pg_advisory_xact_lock(_LOCK)))
