"""Ambient parameters: what every statement finds, listed once. The deadlines are the process's, the others `Work` gives.

A statement takes them from here (`NOW`, `ambient("ship")`), so one that names what is not listed fails at import.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Boolean, Integer, Text, bindparam
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from app.config import DAY, HOUR, settings

Value = str | int | bool | None


class Acting(Protocol):
    """The actor of a work."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def session(self) -> str | None: ...
    @property
    def api_key_id(self) -> int | None: ...
    @property
    def scope(self) -> str | None: ...


class Working(Protocol):
    """The work that gives the values (see `work.py`)."""

    @property
    def now(self) -> int: ...
    @property
    def actor(self) -> Acting: ...
    @property
    def request_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Ambient:
    """A parameter: its name, its SQL type, where its value comes from."""

    name: str
    type: type[TypeEngine]
    of: Callable[[Working], Value]


# fmt: off
DEADLINES: Mapping[str, Callable[[], int]] = {  # seconds, 0 is off
    "auto_receive":   lambda: settings.auto_receive_days * DAY,
    "answer":         lambda: settings.answer_hours * HOUR,
    "consent":        lambda: settings.consent_hours * HOUR,
    "return_goods":   lambda: settings.return_days * DAY,
    "return_receive": lambda: settings.return_receive_days * DAY,
    "after_sale":     lambda: settings.after_sale_days * DAY,
    "ship":           lambda: settings.ship_hours * HOUR,
}
OF_WORK = (
    Ambient("now",        Integer, lambda work: work.now),
    Ambient("actor_kind", Text,    lambda work: work.actor.kind),
    Ambient("actor_id",   Integer, lambda work: work.actor.id),
    Ambient("session",    Text,    lambda work: work.actor.session),
    Ambient("trusted",    Boolean, lambda work: work.actor.session is None),
    Ambient("api_key_id", Integer, lambda work: work.actor.api_key_id),
    Ambient("key_scope",  Text,    lambda work: work.actor.scope),
    Ambient("request_id", Text,    lambda work: work.request_id),
)
# fmt: on
TYPES: Mapping[str, type[TypeEngine]] = {each.name: each.type for each in OF_WORK} | dict.fromkeys(DEADLINES, Integer)


def ambient(name: str) -> BindParameter:
    """The parameter as a statement names it; raises KeyError for one that is not given to every statement."""
    return bindparam(name, type_=TYPES[name])


def values(work: Working) -> dict[str, Value]:
    """What this work gives."""
    return {each.name: each.of(work) for each in OF_WORK}


def deadlines() -> dict[str, Value]:
    """The deadlines in force, in seconds."""
    return {name: seconds() for name, seconds in DEADLINES.items()}


NOW = ambient("now")
ACTOR_KIND = ambient("actor_kind")
ACTOR_ID = ambient("actor_id")
SESSION = ambient("session")
TRUSTED = ambient("trusted")
API_KEY_ID = ambient("api_key_id")
KEY_SCOPE = ambient("key_scope")
REQUEST_ID = ambient("request_id")
