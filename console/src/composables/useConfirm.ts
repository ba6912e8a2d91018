import { ElMessageBox } from "element-plus";
import { t } from "../i18n";

/** Whether the user means it. */
export async function confirmed(title: string, about: string): Promise<boolean> {
  const options = { type: "warning", confirmButtonText: t("do.confirm"), cancelButtonText: t("do.cancel"), confirmButtonClass: "el-button--danger" } as const;
  return ElMessageBox.confirm(about, title, options).then(
    () => true,
    () => false,
  );
}
