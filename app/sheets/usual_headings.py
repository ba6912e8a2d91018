"""Headings under which merchants' programs and other shops keep what is imported here."""

ORDER_NUMBERS = (
    "订单编号", "订单号码", "主订单编号", "主订单号", "线上订单号", "线上单号", "平台订单号", "平台单号", "网店订单号",
    "店铺订单号", "原始订单号", "原始单号", "外部订单号", "交易编号", "交易单号",
    "order", "order id", "order no", "order no.", "order #", "platform order number", "platform order id",
)  # fmt: skip
CARRIERS = (
    "物流公司", "物流公司名称", "快递公司", "快递公司名称", "快递", "快递名称", "物流名称", "物流商名称", "承运商",
    "承运商名称", "承运公司", "承运人", "物流服务商", "快递服务商", "配送公司", "发货快递", "发货物流",
    "logistic_name", "logistic_id", "logistic_code", "carrier name", "carrier code", "courier", "courier name",
    "logistics", "logistics company", "logistics provider", "shipping company", "shipping carrier", "express company",
)  # fmt: skip
TRACKING_NUMBERS = (
    "快递单号", "快递号", "快递单号码", "快递运单号", "运单号", "运单号码", "运单编号",
    "物流单号码", "物流运单号", "物流快递单号", "面单号", "电子面单号", "包裹单号",
    "tracking no", "tracking no.", "tracking #", "tracking id", "tracking code", "tracking", "waybill", "waybill no",
    "waybill number", "awb", "awb number", "consignment number", "shipment number",
)  # fmt: skip
SKU_CODES = ("SKU编码", "商家SKU编码", "规格编码", "商家规格编码", "seller sku", "merchant sku", "sku no", "sku no.")
PRICES = ("价格", "售价", "销售价", "销售价格", "unit price", "sale price")
STOCKS = ("库存", "库存数", "库存数量", "现有库存", "quantity", "qty", "inventory")
