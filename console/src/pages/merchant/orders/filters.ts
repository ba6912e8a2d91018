/** The filters of the orders as they stand in the address bar. */
export interface OrderFilters {
  status?: "0" | "1" | "2" | "3" | "4" | "-1";
  q?: string;
  order_number?: string;
  sku_id?: number;
  create_from?: number;
  create_to?: number;
  overdue?: boolean;
}

/** What the service is asked for: digits and letters are looked for in order numbers, anything else in receivers. */
export function asked({ q, status, ...filters }: OrderFilters) {
  const searched = q === undefined ? {} : /^[\w-]{5,}$/.test(q) && !/^1\d{10}$/.test(q) ? { order_number: q } : { receiver: q };
  return { ...filters, ...searched, ...(status === undefined ? {} : { status: [Number(status)] }) };
}
