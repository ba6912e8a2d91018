"""The pictures of products: files of the merchant's, in an order of which the first stands for the product."""

from collections.abc import Sequence

from sqlalchemy import Integer, String, bindparam, cast, delete, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.parameters import ACTOR_ID
from app.db.sql import json_array
from app.db.statement import Statement
from app.db.types import Columns, Expression
from app.db.work import Work
from app.models import ProductPicture
from app.services.uploads import files
from app.services.uploads.content import IMAGE
from app.services.uploads.taking import Wanted

PICTURE = ProductPicture.__table__


def put(work: Work, product_id: int, names: Sequence[str]) -> None:
    """Let the merchant's product, which is locked, have these pictures instead of those it has.

    Raises UnknownFile, WrongFileKind.
    """
    files.take(work, [Wanted("pictures", name, IMAGE) for name in names])
    work.do(_TAKE_AWAY, product_id=product_id)
    if names:
        work.do(_PUT, product_id=product_id, names=list(names))


def shown_on(product: Columns) -> Expression:
    """A product's pictures as a JSON array of their names and URLs, found by its key."""
    pictures = select(PICTURE.c.name, func.concat(files.URL, PICTURE.c.name).label("url"))
    return json_array(pictures.where(PICTURE.c.product_id == product.c.id).order_by(PICTURE.c.position).correlate(product))


def _put() -> Statement:
    given = func.unnest(cast(bindparam("names"), ARRAY(String))).table_valued("name", with_ordinality="position")
    given = given.render_derived(name="given")
    rows = select(cast(bindparam("product_id"), Integer), given.c.position, ACTOR_ID, given.c.name)
    return Statement(insert(PICTURE).from_select(["product_id", "position", "business_id", "name"], rows))


_TAKE_AWAY = Statement(delete(PICTURE).where(PICTURE.c.product_id == bindparam("product_id")))
_PUT = _put()
