import { answered } from "@meta-be/client";
import { useAction } from "./useAction";

/** Saves a file that the service makes, as it calls it. */
export function useDownload<Given extends unknown[]>(ask: (...given: Given) => Promise<{ data?: Blob; error?: unknown; response: Response }>) {
  return useAction(async (_key: string, ...given: Given) => {
    const pending = ask(...given);
    const file = await answered(pending);
    const { response } = await pending;
    save(file, /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "download");
  });
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
