import type { Step } from "../../../domain/states";

/** The filters of the tickets as they stand in the address bar; without `waiting`, those that wait for the merchant. */
export interface TicketFilters {
  waiting?: "customer" | "all" | Step;
  except_type?: "仅退款" | "退货退款";
  order_id?: number;
  overdue?: boolean;
}
