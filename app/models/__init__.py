"""The tables: the nine of spec.md, column by column, and our own beside them."""

from app.models.admin import Admin
from app.models.base import Base
from app.models.customer import Customer
from app.models.event import Event
from app.models.except_order import ExceptOrder
from app.models.heartbeat import Heartbeat
from app.models.idempotency_key import IdempotencyKey
from app.models.login_attempt import LoginAttempt
from app.models.logistics import LogisticsCompany, ReturnParcel
from app.models.low_stock import LowStock, SkuLowStock
from app.models.order import Order
from app.models.order_clock import OrderClock
from app.models.order_search import OrderSearch
from app.models.order_tally import OrderTally
from app.models.product import Product, RemovedProduct
from app.models.refund_offer import RefundOffer
from app.models.return_quantity import ReturnQuantity
from app.models.scene import Scene, SceneBase
from app.models.sku import RemovedSku, Sku
from app.models.stock_movement import StockMovement
from app.models.stored_file import StoredFile
from app.models.user import User
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "Admin",
    "Base",
    "Customer",
    "Event",
    "ExceptOrder",
    "Heartbeat",
    "IdempotencyKey",
    "LoginAttempt",
    "LogisticsCompany",
    "LowStock",
    "Order",
    "OrderClock",
    "OrderSearch",
    "OrderTally",
    "Product",
    "RefundOffer",
    "RemovedProduct",
    "RemovedSku",
    "ReturnParcel",
    "ReturnQuantity",
    "Scene",
    "SceneBase",
    "Sku",
    "SkuLowStock",
    "StockMovement",
    "StoredFile",
    "User",
    "Webhook",
    "WebhookDelivery",
]
