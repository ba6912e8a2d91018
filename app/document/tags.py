"""The tags of the document, in the order in which it shows them: each audience begins with logging in."""

OF_MODULES = {
    "own_account": "account",
    "own_webhooks": "webhooks",
    "order_files": "orders",
    "sku_files": "skus",
    "low_stock": "skus",
    "goods": "products",
}
"""The resources of modules of controllers that are called otherwise."""

TAGS = {
    "merchant-account": "A merchant's account (商家账号): registering, logging in and out, profile and password.",
    "merchant-orders": "A merchant's orders (订单): list, ship, correct, cancel, import and export.",
    "merchant-except-orders": "A merchant's tickets (服务单, 售后): agree, refuse, take goods back.",
    "merchant-return-address": "Where buyers send a merchant's goods back to (退货地址).",
    "merchant-products": "A merchant's products (商品).",
    "merchant-skus": "A merchant's SKUs (规格), their prices, stock (库存) and low-stock thresholds (库存预警).",
    "merchant-models": "A merchant's 3D models (3D 模型), which products show.",
    "merchant-scenes": "A merchant's scenes (场景), and the bases that they are built on (基础场景).",
    "merchant-files": "A merchant's uploads (文件): pictures, configs, 3D models.",
    "merchant-statistics": "A merchant's figures (统计): today, trends, what sells best.",
    "merchant-events": "A merchant's live news (实时消息), as Server-Sent Events.",
    "merchant-webhooks": "A merchant's webhooks (Webhook), and what was delivered to them.",
    "merchant-api-keys": "Keys for a merchant's machines (API 密钥).",
    "merchant-settings": "What the service was set up with (设置): deadlines, limits, time zone.",
    "customer-account": "A buyer's account (买家账号): registering, logging in and out, profile, password, deletion.",
    "customer-orders": "A buyer's orders (订单) and tickets (服务单): receive, ask for a refund, send back.",
    "customer-files": "A buyer's pictures (凭证图片), shown as evidence in a ticket.",
    "platform-orders": "Paid orders (已支付订单), as the platform's checkout hands them over.",
    "platform-products": "What the platform sells (在售商品): the products and SKUs of all merchants.",
    "platform-refunds": "Refunds that are owed to buyers (应退款), for the platform to pay.",
    "platform-webhooks": "The platform's webhooks (Webhook), for the events of all merchants.",
    "admin-account": "An admin's account (管理员账号), and the other admins.",
    "admin-users": "Merchants and customers (商家与买家), for staff to look at and manage.",
    "admin-orders": "Everybody's orders and tickets (全部订单与服务单).",
    "admin-except-orders": "Tickets that staff decide (平台介入) where a merchant or buyer does not.",
    "admin-products": "Everybody's products (全部商品).",
    "admin-refunds": "Everybody's refunds (退款).",
    "admin-scene-bases": "The scene bases (基础场景), kept by staff.",
    "admin-files": "The files of the platform (平台文件): pictures and models of scene bases.",
    "admin-statistics": "The figures of the whole platform (平台统计).",
    "admin-events": "The audit (操作日志): everything that happened.",
    "webhooks": "What the service sends (事件推送) to the webhooks of merchants and of the platform.",
    "public": "What anyone may read (公开): carriers, names of states, uploaded files.",
    "system": "What operations asks for (运维): alive, ready, metrics.",
}
"""The description of each tag."""
