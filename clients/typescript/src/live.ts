import { problemOf, type Problem } from "./problems.ts";
import { read, type Message } from "./sse.ts";
import type { components } from "./schema.d.ts";

export type LiveEvent = components["schemas"]["AuditView"];

/** `live`: connected; `waiting`: it will try again; `ended`: it will not, and `code` says why. */
export type LiveState = { state: "live" } | { state: "waiting" } | { state: "ended"; code: string };

export interface Following {
  url: string;
  token: () => string | null;
  /** The position to go on from, as `onPosition` gave it; everything from now on when left out. */
  lastEventId?: string | null;
  onEvent: (event: LiveEvent) => void;
  onState?: (state: LiveState) => void;
  /** Told of every new position, for who keeps it over a reload. */
  onPosition?: (lastEventId: string) => void;
  fetch?: typeof globalThis.fetch;
}

const SILENCE = 40_000; // milliseconds without a sign of life (the service gives one every 15 s) after which it is taken for dead
const LONGEST_WAIT = 30_000;
const browser = typeof window === "undefined" ? undefined : window; // tells when the network goes and comes

/** Follows a shop's events until the returned function is called; resumes after every break without loss or doubling. */
export function follow(following: Following): () => void {
  const stopping = new AbortController();
  void run(following, stopping.signal);
  return () => stopping.abort();
}

async function run(following: Following, stopped: AbortSignal): Promise<void> {
  let position = following.lastEventId ?? null;
  let failures = 0;
  let retry = 2000;
  while (!stopped.aborted) {
    const ended = await once(following, stopped, position, (message) => {
      failures = 0;
      if (message.retry !== null) retry = message.retry;
      if (message.id !== null) {
        position = message.id;
        following.onPosition?.(message.id);
      }
    });
    if (stopped.aborted) return;
    if (ended !== null) return following.onState?.({ state: "ended", code: ended });
    following.onState?.({ state: "waiting" });
    failures += 1;
    await pause(Math.min(retry * 2 ** (failures - 1), LONGEST_WAIT), stopped);
  }
}

/** One connection, to its end; returns the code for which there must be no other, or null. */
async function once(
  following: Following,
  stopped: AbortSignal,
  position: string | null,
  noted: (message: Message) => void,
): Promise<string | null> {
  const silent = new AbortController();
  const cut = () => silent.abort();
  browser?.addEventListener("offline", cut);
  let alarm = setTimeout(() => silent.abort(), SILENCE);
  const heard = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => silent.abort(), SILENCE);
  };
  try {
    const response = await (following.fetch ?? globalThis.fetch)(following.url, {
      headers: headersOf(following.token(), position),
      signal: AbortSignal.any([stopped, silent.signal]),
      cache: "no-store",
    });
    if (!response.ok || response.body === null) return await refusal(response);
    following.onState?.({ state: "live" });
    for await (const message of read(response.body, heard)) {
      noted(message);
      if (message.data === "") continue;
      if (message.event === "closed") return codeOf(JSON.parse(message.data));
      const event: LiveEvent = JSON.parse(message.data);
      following.onEvent(event);
    }
  } catch {
    return null;
  } finally {
    clearTimeout(alarm);
    browser?.removeEventListener("offline", cut);
  }
  return null;
}

function headersOf(token: string | null, position: string | null): Record<string, string> {
  return {
    Accept: "text/event-stream",
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(position === null ? {} : { "Last-Event-ID": position }),
  };
}

/** A refusal for good gives its code; what may pass by itself (429, 5xx) gives null. */
async function refusal(response: Response): Promise<string | null> {
  if (response.status === 429 || response.status >= 500) return null;
  const body: unknown = await response.json().catch(() => null);
  return problemOf(response, body).code;
}

function codeOf(farewell: Pick<Problem, "code">): string {
  return farewell.code;
}

/** Waits, but no longer than until the network is back. */
function pause(milliseconds: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    const over = () => {
      clearTimeout(timer);
      browser?.removeEventListener("online", over);
      stopped.removeEventListener("abort", over);
      resume();
    };
    const timer = setTimeout(over, milliseconds);
    browser?.addEventListener("online", over);
    stopped.addEventListener("abort", over);
  });
}
