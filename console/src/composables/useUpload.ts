import { answered, form, keyed } from "@meta-be/client";
import { admin, merchant } from "../api/client";
import type { Audience } from "../stores/session";
import { useAction } from "./useAction";

/** Uploads a file for a merchant (a picture, a .glb, a JSON config) or for the platform (a picture, a .glb). */
export function useUpload(audience: Audience = "merchant") {
  return useAction((key, file: File) => {
    const sent = { body: { file }, bodySerializer: form, ...keyed(key) };
    return answered(audience === "merchant" ? merchant.POST("/api/v1/merchant/files", sent) : admin.POST("/api/v1/admin/files", sent));
  });
}
