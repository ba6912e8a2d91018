import type { LiveEvent } from "@meta-be/client";
import { ElNotification } from "element-plus";
import { t } from "../../i18n";
import { router } from "../../router";

/** Tells the merchant of what calls for something to be done, with a way there. */
export function announce(event: LiveEvent | null): void {
  if (event === null) return;
  const number = event.order_number ?? "";
  if (event.type === "order.place") say(t("event.new_order", { number }), "info", { name: "orders", query: { order_number: number } });
  else if (event.type === "except_order.apply") say(t("event.new_ticket", { number }), "warning", { name: "tickets" });
  else if (event.type === "sku.low_stock") say(t("event.low_stock_title"), "warning", { name: "skus", query: { low_stock: "true" } });
}

function say(title: string, type: "info" | "warning", to: Parameters<typeof router.push>[0]): void {
  const notice = ElNotification({
    title,
    type,
    duration: 6000,
    position: "bottom-right",
    onClick: () => {
      notice.close();
      void router.push(to);
    },
  });
}
