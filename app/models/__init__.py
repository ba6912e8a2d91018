"""The tables: the nine of spec.md, column by column, and our own beside them."""

from app.models.admin import Admin
from app.models.api_key import ApiKey
from app.models.base import Base
from app.models.customer import Customer
from app.models.deleted_customer import DeletedCustomer
from app.models.event import Event
from app.models.evidence import CustomerFile, Evidence
from app.models.except_order import ExceptOrder
from app.models.heartbeat import Heartbeat
from app.models.idempotency_key import IdempotencyKey
from app.models.login_attempt import LoginAttempt
from app.models.logistics import LogisticsCompany, ReturnParcel
from app.models.low_stock import LowStock, SkuLowStock
from app.models.model import Model
from app.models.order import Order
from app.models.order_clock import OrderClock, PutOffOrder
from app.models.order_note import OrderNote
from app.models.order_receiver import OrderReceiver
from app.models.order_search import OrderSearch, ParcelSearch
from app.models.order_tally import OrderTally
from app.models.product import Product, ProductName, RemovedProduct, UnlistedProduct
from app.models.product_picture import ProductPicture
from app.models.refund_offer import RefundOffer
from app.models.refund_payment import RefundPayment
from app.models.return_address import ReturnAddress, TicketReturnAddress
from app.models.return_quantity import ReturnQuantity
from app.models.scene import Scene, SceneBase, SceneBaseModel
from app.models.sku import RemovedSku, Sku, SkuCode, SkuUpdate
from app.models.stock_movement import StockMovement
from app.models.stored_file import PlatformFile, RemovedContent, StoredFile
from app.models.ticket_tally import TicketTally
from app.models.user import User
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "Admin",
    "ApiKey",
    "Base",
    "Customer",
    "CustomerFile",
    "DeletedCustomer",
    "Event",
    "Evidence",
    "ExceptOrder",
    "Heartbeat",
    "IdempotencyKey",
    "LoginAttempt",
    "LogisticsCompany",
    "LowStock",
    "Model",
    "Order",
    "OrderClock",
    "OrderNote",
    "OrderReceiver",
    "OrderSearch",
    "OrderTally",
    "ParcelSearch",
    "PlatformFile",
    "Product",
    "ProductName",
    "ProductPicture",
    "PutOffOrder",
    "RefundOffer",
    "RefundPayment",
    "RemovedContent",
    "RemovedProduct",
    "RemovedSku",
    "ReturnAddress",
    "ReturnParcel",
    "ReturnQuantity",
    "Scene",
    "SceneBase",
    "SceneBaseModel",
    "Sku",
    "SkuCode",
    "SkuLowStock",
    "SkuUpdate",
    "StockMovement",
    "StoredFile",
    "TicketReturnAddress",
    "TicketTally",
    "UnlistedProduct",
    "User",
    "Webhook",
    "WebhookDelivery",
]
