import type { Schemas } from "@meta-be/client";
import type { Tone } from "../components/ToneTag.vue";

export type Order = Schemas["OrderView"];
export type MerchantOrder = Schemas["MerchantOrder"];
export type OrderStatus = Order["status"];
export type Step = Schemas["TicketView"]["step"];

export const STATUSES: OrderStatus[] = [0, 1, -1, 2, 3, 4];
export const STEPS: Step[] = ["applied", "offered", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn", "lapsed"];

export const STATUS_TONES: Record<OrderStatus, Tone> = { 0: "brand", 1: "violet", 2: "good", 3: "calm", 4: "calm", [-1]: "warn" };
export const STEP_TONES: Record<Step, Tone> = {
  applied: "warn",
  offered: "violet",
  awaiting_return: "violet",
  awaiting_receipt: "brand",
  refunded: "good",
  refused: "bad",
  withdrawn: "calm",
  lapsed: "calm",
};
