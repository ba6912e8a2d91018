import type { LiveEvent } from "@meta-be/client";
import { onScopeDispose } from "vue";
import { useLiveStore } from "../stores/live";

const TOGETHER = 300; // milliseconds within which events cause one reload

/** Calls `reload` once soon after events whose type begins with one of `types`; also after a break in the connection. */
export function useLive(types: string[], reload: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = useLiveStore().listen((event: LiveEvent | null) => {
    if (event !== null && !types.some((type) => event.type.startsWith(type))) return;
    clearTimeout(timer);
    timer = setTimeout(reload, TOGETHER);
  });
  onScopeDispose(() => {
    stop();
    clearTimeout(timer);
  });
}
