"""The demo shop: a few goods, orders in every state and tickets at every step, made through the services."""

import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from app.config import DAY, ConfigurationError, settings
from app.db.work import ADMIN, CUSTOMER, MERCHANT, PLATFORM, SYSTEM, Actor, Work
from app.security import hash_now
from app.services.accounts import accounts
from app.services.catalogue import models, products
from app.services.orders import notes, placing, shipping
from app.services.orders.purchases import Purchase
from app.services.refunds import payments
from app.services.tickets import cancelling, return_addresses
from app.services.tickets import use_cases as tickets
from app.services.uploads import files
from app.services.uploads.content import recognition

NAMES = {MERCHANT: "demo-merchant", CUSTOMER: "demo-customer", ADMIN: "demo-admin"}

GOODS: tuple[dict[str, Any], ...] = (
    {
        "name": "青花瓷瓶 3D 模型",
        "desc": "景德镇青花, 可放大至 4K 纹理",
        "unit": "件",
        "shape": "vase",
        "skus": (("小号", '{"高度":"20cm"}', 129.0, 60), ("大号", '{"高度":"45cm"}', 399.0, 12)),
    },
    {
        "name": "明式圈椅",
        "desc": "花梨木纹理, 适用于家具场景",
        "unit": "把",
        "shape": "chair",
        "skus": (("单把", '{"材质":"花梨木"}', 888.0, 20), ("一对", '{"材质":"花梨木","件数":"2"}', 1688.0, 5)),
    },
    {
        "name": "唐三彩马",
        "desc": "博物馆场景陈列品",
        "unit": "件",
        "shape": "horse",
        "skus": (("标准", '{"釉色":"三彩"}', 259.5, 30),),
    },
    {
        "name": "儿童课桌",
        "desc": "教室场景, 可升降",
        "unit": "张",
        "shape": "desk",
        "skus": (("蓝色", '{"颜色":"蓝"}', 199.9, 80), ("粉色", '{"颜色":"粉"}', 199.9, 0)),
    },
)
RECEIVERS = (
    ("张伟", "13800000001", "上海市浦东新区世纪大道 100 号"),
    ("王芳", "13900000002", "北京市海淀区中关村大街 27 号"),
    ("李娜", "13700000003", "广东省深圳市南山区科技园南路 8 号"),
    ("刘洋", "+86 136 0000 0004 转 801", "浙江省杭州市西湖区文三路 90 号 工作日请送前台, 周末请放快递柜"),
)
RETURN_ADDRESS = {"name": "退货组", "phone": "0571-88888888", "address": "浙江省杭州市余杭区仓前街道 1 号仓"}
REFUND, RETURN = "仅退款", "退货退款"


@dataclass(frozen=True, slots=True)
class Story:
    """The life of one demo order: its verbs in sequence, each with the number of days before today."""

    sku: int
    num: int
    steps: tuple[tuple[str, float], ...]
    except_type: str = REFUND
    paid: float | None = None  # yuan, price × num if None
    asked: float | None = None  # yuan, all of it when not said
    offered: float | None = None
    pieces: int | None = None
    note: str | None = None  # the merchant's own
    flag: int = 0


_RETURN = (("ask", 6.0), ("agree", 5.5), ("return", 4.0), ("take", 2.0))
STORIES = (
    Story(0, 1, (("place", 0.1),)),
    Story(2, 1, (("place", 0.5),), note="送礼, 请附手写贺卡", flag=2),
    Story(5, 1, (("place", 0.7),), paid=0),  # with a coupon
    Story(4, 2, (("place", 3.0),), note="等粉色到货一起发\n已电话说明", flag=1),  # to be shipped, and overdue
    Story(1, 1, (("place", 2.0), ("ship", 1.5))),
    Story(3, 1, (("place", 1.5), ("hand over", 1.2)), note="老客户", flag=5),
    Story(5, 3, (("place", 4.0), ("ship", 3.0), ("correct", 2.9))),
    Story(0, 2, (("place", 9.0), ("ship", 8.0), ("receive", 5.0))),
    Story(3, 1, (("place", 30.0), ("ship", 29.0), ("receive", 26.0))),
    Story(4, 1, (("place", 1.0), ("ask", 0.5))),
    Story(2, 1, (("place", 6.0), ("ship", 5.0), ("ask", 4.0), ("agree", 3.5)), RETURN),
    Story(0, 1, (("place", 8.0), ("ship", 7.0), ("receive", 5.0), ("ask", 4.0), ("agree", 3.0), ("return", 2.0)), RETURN),
    Story(
        5,
        1,
        (("place", 12.0), ("ship", 11.0), ("ask", 9.0), ("agree", 8.5), ("return", 6.0), ("take", 3.0), ("pay", 2.5)),
        RETURN,
    ),
    Story(1, 1, (("place", 5.0), ("ask", 4.8), ("agree", 4.5))),
    Story(4, 1, (("place", 7.0), ("ship", 6.0), ("ask", 5.0), ("refuse", 4.5))),
    Story(0, 1, (("place", 3.0), ("ship", 2.5), ("ask", 2.0), ("withdraw", 1.5))),
    Story(2, 1, (("place", 14.0), ("ship", 13.0), ("receive", 12.0), ("ask", 11.0), ("agree", 10.0), ("lapse", 2.0)), RETURN),
    Story(5, 2, (("place", 4.5), ("ship", 4.0), ("ask", 2.0), ("agree", 1.5)), asked=19.9),  # the rest is still under way
    Story(3, 1, (("place", 9.0), ("ship", 8.0), ("receive", 4.0), ("ask", 1.0), ("offer", 0.5)), asked=300.0, offered=120.0),
    Story(5, 3, (("place", 11.0), ("ship", 10.0), ("receive", 8.0), *_RETURN), RETURN, pieces=1),  # two are kept
    Story(1, 1, (("place", 2.5), ("cancel", 1.8))),
)


def load(now: int) -> str:
    """Make the demo shop unless it exists, as of `now` (Unix seconds); returns the password of its accounts.

    Raises ConfigurationError when a database is configured: a demo belongs in no real one.
    """
    require_embedded()
    password = _password()
    with Work(Actor(SYSTEM), writes=False) as work:
        is_there = accounts.id_by_name(work, MERCHANT, NAMES[MERCHANT]) is not None
    if not is_there:
        _Shop(password, now).open()
    return password


def require_embedded() -> None:
    """Raise ConfigurationError when a database is configured."""
    if not settings.embedded:
        raise ConfigurationError("the demo shop is for the embedded database only: unset DATABASE_URL and DB_HOST")


class _Shop:
    def __init__(self, password: str, now: int) -> None:
        self.now = now
        self.hash = hash_now(password)
        self.actors: dict[str, Actor] = {PLATFORM: Actor(PLATFORM), SYSTEM: Actor(SYSTEM)}
        self.skus: list[dict[str, Any]] = []

    def open(self) -> None:
        from app.tools import showcase  # numpy: only where goods are drawn

        self._register(MERCHANT, storename="元宇宙精品馆")
        self._register(CUSTOMER, email_address="buyer@example.com", tel_phone="13800000000")
        self._register(ADMIN)
        with self._work(MERCHANT, 60) as work:
            return_addresses.put(work, self.actors[MERCHANT].id or 0, RETURN_ADDRESS)
            work.commit()
        for goods in GOODS:
            skus = [dict(zip(("sku_name", "sku_attr", "price", "stock"), sku, strict=True)) for sku in goods["skus"]]
            values = {name: goods[name] for name in ("name", "desc", "unit")}
            with self._work(MERCHANT, 60) as work:
                picture = self._upload(work, showcase.picture(goods["shape"]))
                file = self._upload(work, showcase.model(goods["shape"]))
                model = orjson.loads(models.create(work, {"name": goods["name"], "file": file, "thumbnail": picture}))
                values |= {"meta_obj_id": model["id"], "pictures": [picture]}
                self.skus += orjson.loads(products.create(work, values, skus))["skus"]
                work.commit()
        for number, story in enumerate(STORIES, 1):
            self._tell(number, story)

    def _upload(self, work: Work, content: bytes) -> str:
        """Upload a file as the merchant does; its name."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            stored = files.store(file, recognition.recognised)
        return str(orjson.loads(files.enter(work, stored, uploaded_as=None))["name"])

    def _register(self, kind: str, **values: str) -> None:
        with self._work(SYSTEM, 60) as work:
            made = orjson.loads(accounts.create(work, kind, name=NAMES[kind], password_hash=self.hash, **values))
            work.commit()
        self.actors[kind] = Actor(kind, made["id"])

    def _tell(self, number: int, story: Story) -> None:
        order: dict[str, Any] = {"number": number}
        for verb, days in story.steps:
            actor = {"place": PLATFORM, "pay": PLATFORM, "lapse": SYSTEM}.get(
                verb, CUSTOMER if verb in _BY_CUSTOMER else MERCHANT
            )
            with self._work(actor, days) as work:
                self._step(work, verb, story, order)
                work.commit()
        if story.note is not None:
            with self._work(MERCHANT, story.steps[-1][1]) as work:
                notes.put(work, order["id"], note=story.note, flag=story.flag)
                work.commit()

    def _step(self, work: Work, verb: str, story: Story, order: dict[str, Any]) -> None:
        if verb == "place":
            order["id"] = orjson.loads(placing.place(work, self._purchase(order["number"], story)).body)["id"]
        elif verb in ("ship", "correct"):
            tracking = f"SF{order['number']:013}" if verb == "ship" else f"ZT{order['number']:012}"
            shipping.ship(
                work, order["id"], logistic_id=1 if verb == "ship" else 2, logistic_name=None, logistic_order_id=tracking
            )
        elif verb == "hand over":
            shipping.ship(work, order["id"], logistic_id=None, logistic_name="自提", logistic_order_id=None)
        elif verb == "receive":
            shipping.receive(work, order["id"])
        elif verb == "ask":
            wanted: dict[str, Any] = {"back_reason": "与描述不符", "back_cost": story.asked, "pieces": story.pieces}
            asked = tickets.ask(work, order["id"], except_type=story.except_type, **wanted)
            order["ticket"] = orjson.loads(asked)["id"]
        elif verb == "offer":
            tickets.agree(work, order["ticket"], back_cost=story.offered, remark="使用痕迹轻微, 部分退款")
        elif verb == "cancel":
            cancelling.cancel(work, order["id"], remark="仓库破损, 无法发货")
        elif verb == "refuse":
            tickets.refuse(work, order["ticket"], remark="商品完好, 不符合退款条件")
        elif verb == "pay":
            payments.pay(work, order["ticket"], reference=f"DEMO-REFUND-{order['number']}", paid_time=None)
        elif verb == "return":
            tickets.send_back(work, order["ticket"], logistics_id=3, tracking_number=f"YT{order['number']:012}")
        else:
            _ON_TICKET[verb](work, order["ticket"])

    def _purchase(self, number: int, story: Story) -> Purchase:
        name, phone, address = RECEIVERS[number % len(RECEIVERS)]
        return Purchase(
            order_number=f"DEMO{number:06}",
            customer_id=self.actors[CUSTOMER].id or 0,
            sku_id=self.skus[story.sku]["id"],
            num=story.num,
            pay_count=story.paid,
            receiver_name=name,
            receiver_phone=phone,
            receiver_address=address,
            create_time=self.now - int(story.steps[0][1] * DAY),
        )

    def _work(self, kind: str, days: float) -> Work:
        return Work(self.actors[kind], writes=True, now=self.now - int(days * DAY))


_BY_CUSTOMER = ("receive", "ask", "return", "withdraw")
_ON_TICKET: dict[str, Callable[[Work, int], object]] = {
    "agree": tickets.agree,
    "take": tickets.receive,
    "withdraw": tickets.withdraw,
    "lapse": tickets.lapse,
}


def _password() -> str:
    path = settings.data_dir / "demo_password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    return path.read_text().strip()
