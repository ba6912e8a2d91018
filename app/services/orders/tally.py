"""The number of orders per merchant and state: a trigger writes a row per change, and this folds those rows into one."""

from app.models import OrderTally
from app.services.folding import folding

fold = folding(OrderTally.__table__, "business_id", "status")
