import { answered, form, keyed } from "@meta-be/client";
import { merchant } from "../api/client";
import { useAction } from "./useAction";

/** Uploads a file of the merchant's: a picture, a .glb, or a JSON config. */
export function useUpload() {
  return useAction((key, file: File) =>
    answered(merchant.POST("/api/v1/merchant/files", { body: { file }, bodySerializer: form, ...keyed(key) })),
  );
}
