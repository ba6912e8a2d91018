import { answered, type Schemas } from "@meta-be/client";
import { shallowRef } from "vue";
import { anyone } from "../api/client";

const carriers = shallowRef<Schemas["Carrier"][]>([]);
let asked: Promise<void> | undefined;

/** The carriers, asked for once. */
export function useCarriers() {
  asked ??= answered(anyone.GET("/api/v1/logistics-companies", { params: { query: { size: 100 } } })).then(
    (page) => void (carriers.value = page.items),
    () => void (asked = undefined),
  );
  return carriers;
}

export function needsTracking(id: number | null | undefined): boolean {
  return carriers.value.find((carrier) => carrier.id === id)?.needs_tracking ?? true;
}
