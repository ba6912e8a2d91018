import type { Column } from "../../../components/DataTable.vue";
import { t } from "../../../i18n";

export function ticketColumns(): Column[] {
  return [
    { key: "number", label: t("ticket.number"), always: true },
    { key: "goods", label: t("order.goods") },
    { key: "reason", label: t("ticket.reason") },
    { key: "money", label: t("ticket.asked"), right: true },
    { key: "step", label: t("ticket.state") },
    { key: "actions", label: t("list.actions"), right: true, width: "110px", always: true },
  ];
}
