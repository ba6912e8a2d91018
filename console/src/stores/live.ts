import { answered, follow, type LiveEvent, type Schemas } from "@meta-be/client";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { merchant } from "../api/client";
import { session, type Ending } from "./session";

type Listener = (event: LiveEvent | null) => void;
const POSITION = "meta-be.position"; // over a reload of this tab
const TOGETHER = 400;
const TOLD = 1000; // milliseconds in which a tab that logs in tells the others

/** The shop's news as they happen, and what waits, kept up to date by them. */
export const useLiveStore = defineStore("live", () => {
  const isLive = ref(true);
  const waiting = shallowRef<Schemas["Overview"]["now"] | null>(null);
  const listeners = new Set<Listener>();
  let stop: (() => void) | undefined;
  let counting: ReturnType<typeof setTimeout> | undefined;

  const attention = computed(() => (waiting.value === null ? 0 : waiting.value.to_ship + waiting.value.open_tickets));

  function tell(event: LiveEvent | null): void {
    for (const listener of listeners) listener(event);
    if (event === null || /^(order|except_order|sku|product)\./.test(event.type)) recount();
  }

  function recount(): void {
    clearTimeout(counting);
    counting = setTimeout(() => {
      answered(merchant.GET("/api/v1/merchant/statistics/overview")).then(
        (overview) => (waiting.value = overview.now),
        () => undefined, // the figures stay as they were; the state of the connection is shown beside them
      );
    }, TOGETHER);
  }

  function start(): void {
    stop?.();
    recount();
    const mine = session("merchant");
    const { token } = mine;
    stop = follow({
      url: "/api/v1/merchant/events",
      token: () => token,
      lastEventId: sessionStorage.getItem(POSITION),
      onEvent: tell,
      onPosition: (id) => sessionStorage.setItem(POSITION, id),
      onState: ({ state, ...more }) => {
        const returned = state === "live" && !isLive.value;
        isLive.value = state === "live";
        if (returned) tell(null);
        if (state !== "ended" || !("code" in more)) return;
        sessionStorage.removeItem(POSITION);
        if (more.code === "bad_cursor") start();
        else setTimeout(() => over(token, more.code === "disabled" ? "disabled" : "expired"), TOLD);
      },
    });
  }

  /** The stream's session is over; where another tab has logged in meanwhile, it goes on with that one's. */
  function over(token: string | null, why: Ending): void {
    const mine = session("merchant");
    if (mine.token === token) mine.expired(token, why);
    else if (mine.token !== null && stop !== undefined) start();
  }

  function end(): void {
    stop?.();
    stop = undefined;
    clearTimeout(counting);
    sessionStorage.removeItem(POSITION);
    waiting.value = null;
    isLive.value = true;
  }

  function listen(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return { isLive, waiting, attention, start, end, listen, recount };
});
