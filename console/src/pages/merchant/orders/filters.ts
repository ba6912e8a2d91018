import { flag, number, oneOf, text } from "../../../composables/useList";

/** The filters of all lists of orders as they stand in the address bar. */
export interface OrderFilters {
  status?: "0" | "1" | "2" | "3" | "4" | "-1";
  order_number?: string;
  receiver?: string;
  sku_id?: number;
  create_from?: number;
  create_to?: number;
  overdue?: boolean;
}

/** What merchants filter by beside. */
export interface MerchantOrderFilters extends OrderFilters {
  q?: string;
  customer_id?: number;
  deliver_from?: number;
  deliver_to?: number;
  flag?: "0" | "1" | "2" | "3" | "4" | "5";
  sort?: Sort;
}

export type Sort = "newest" | "oldest" | "deadline";
export const SORTS: Sort[] = ["newest", "oldest", "deadline"];
export const FLAGS = ["0", "1", "2", "3", "4", "5"] as const;

export const STATUS = oneOf("0", "1", "2", "3", "4", "-1");
export const CODECS = {
  status: STATUS,
  order_number: text,
  receiver: text,
  sku_id: number,
  create_from: number,
  create_to: number,
  overdue: flag,
};
export const MERCHANT_CODECS = {
  ...CODECS,
  q: text,
  customer_id: number,
  deliver_from: number,
  deliver_to: number,
  flag: oneOf(...FLAGS),
  sort: oneOf(...SORTS),
};

/** The status as the service is asked for it. */
export function asked<F extends OrderFilters>({ status, ...filters }: F) {
  return { ...filters, ...(status === undefined ? {} : { status: [Number(status)] }) };
}

/** What a merchant asks the service for. */
export function askedByMerchant({ flag: chosen, ...filters }: MerchantOrderFilters) {
  return { ...asked(filters), ...(chosen === undefined ? {} : { flag: Number(chosen) }) };
}
