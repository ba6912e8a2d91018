import { oneOf } from "../../../composables/useList";
import { t } from "../../../i18n";

/** Which products a list shows, as it stands in the address bar; without it, all that were not removed. */
export type Shown = "listed" | "unlisted" | "removed";
export const SHOWN = oneOf("listed", "unlisted", "removed");
const ASKED = { listed: { listed: true }, unlisted: { listed: false }, removed: { removed: true } };

/** The filters as the service is asked for them. */
export function asked<F extends { show?: Shown }>({ show, ...filters }: F) {
  return { ...filters, ...(show === undefined ? {} : ASKED[show]) };
}

export function shownTabs() {
  return [
    { value: "", label: t("list.all") },
    { value: "listed", label: t("product.listed_is.true") },
    { value: "unlisted", label: t("product.listed_is.false") },
    { value: "removed", label: t("product.removed") },
  ];
}
