import type { Column } from "../../../components/DataTable.vue";
import { t } from "../../../i18n";

export function skuColumns(): Column[] {
  return [
    { key: "name", label: t("sku.name"), always: true },
    { key: "code", label: t("sku.code") },
    { key: "price", label: t("product.price"), right: true },
    { key: "stock", label: t("sku.stock"), right: true },
    { key: "threshold", label: t("sku.threshold"), right: true },
    { key: "actions", label: t("list.actions"), right: true, width: "300px", always: true },
  ];
}
