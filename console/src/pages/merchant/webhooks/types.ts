import type { Schemas } from "@meta-be/client";

export type EventType = NonNullable<NonNullable<Schemas["NewWebhook"]["types"]>[number]>;

/** The events that shops usually follow, by what they happen to. */
export const EVENT_TYPES: { subject: "orders" | "tickets" | "skus"; types: EventType[] }[] = [
  {
    subject: "orders",
    types: ["order.place", "order.ship", "order.unship", "order.receive", "order.cancel", "order.refund", "order.refund_part", "order.deadline_near", "order.overdue"],
  },
  {
    subject: "tickets",
    types: [
      "except_order.apply",
      "except_order.agree",
      "except_order.refuse",
      "except_order.return",
      "except_order.receive",
      "except_order.withdraw",
      "except_order.deadline_near",
      "except_order.overdue",
      "refund.due",
      "refund.paid",
      "refund.failed",
    ],
  },
  { subject: "skus", types: ["sku.stock", "sku.low_stock", "sku.change", "product.create", "product.change", "product.remove"] },
];
