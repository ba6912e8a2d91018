import type { Column } from "../../../components/DataTable.vue";
import { t } from "../../../i18n";

export function productColumns(): Column[] {
  return [
    { key: "name", label: t("product.name"), always: true },
    { key: "price", label: t("product.price"), right: true },
    { key: "stock", label: t("product.stock"), right: true },
    { key: "listed", label: t("order.state") },
    { key: "updated", label: t("product.updated") },
    { key: "actions", label: t("list.actions"), right: true, width: "220px", always: true },
  ];
}
