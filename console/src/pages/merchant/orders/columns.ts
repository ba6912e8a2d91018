import type { Column } from "../../../components/DataTable.vue";
import { t } from "../../../i18n";

export function orderColumns(): Column[] {
  return [
    { key: "number", label: t("order.number"), always: true },
    { key: "goods", label: t("order.goods") },
    { key: "receiver", label: t("order.receiver") },
    { key: "address", label: t("order.address"), optional: true },
    { key: "paid", label: t("order.paid"), right: true },
    { key: "state", label: t("order.state") },
    { key: "parcel", label: t("order.parcel") },
    { key: "delivered", label: t("order.delivered"), optional: true },
    { key: "received", label: t("order.received"), optional: true },
    { key: "actions", label: t("list.actions"), right: true, width: "96px", always: true },
  ];
}
