import createFetchClient, { type Client as FetchClient, type Middleware } from "openapi-fetch";
import { problemOf, Unreachable } from "./problems.ts";
import type { paths } from "./schema.d.ts";
import { signed } from "./webhooks.ts";

export interface Options {
  /** Where the service is, such as https://shop.example; this page's own origin when left out. */
  baseUrl?: string;
  /** The access token or API key, asked for at each call; null calls without one. */
  token?: () => string | null;
  /** The service's PLATFORM_SECRET (whsec_…), with which the platform signs its calls. */
  platformSecret?: string;
  /** The language of errors: zh (when left out) or en. */
  language?: () => string;
  /** Told of the token with which a call was refused with 401. */
  onUnauthorized?: (token: string | null) => void;
  fetch?: (request: Request) => Promise<Response>;
}

export type Client = FetchClient<paths>;

/** A client on which every path of the service can be called: `client.GET("/api/v1/merchant/orders", …)`. */
export function createClient(options: Options = {}): Client {
  const client = createFetchClient<paths>({
    baseUrl: options.baseUrl ?? "",
    fetch: options.fetch ?? ((request) => globalThis.fetch(request)),
    querySerializer: { array: { style: "form", explode: true } },
  });
  client.use(identified(options));
  return client;
}

function identified(options: Options): Middleware {
  return {
    async onRequest({ request }) {
      const token = options.token?.() ?? null;
      if (token !== null && !request.headers.has("Authorization")) request.headers.set("Authorization", `Bearer ${token}`);
      if (options.platformSecret !== undefined) {
        const headers = await signed(options.platformSecret, await request.clone().text());
        for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
      }
      request.headers.set("Accept-Language", options.language?.() ?? "zh");
      return request;
    },
    onResponse({ request, response }) {
      if (response.status === 401) options.onUnauthorized?.(request.headers.get("Authorization")?.slice("Bearer ".length) ?? null);
    },
    onError({ error }) {
      return error instanceof DOMException && error.name === "AbortError" ? error : new Unreachable(error);
    },
  };
}

interface Outcome<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The body of a call's answer; throws ProblemError for a refusal and Unreachable when none came. */
export async function answered<Data>(pending: Promise<Outcome<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await pending;
  if (!response.ok || data === undefined || data === null) throw problemOf(response, error);
  return data;
}

/** The same for a call whose answer has no body. */
export async function done(pending: Promise<Outcome<unknown>>): Promise<void> {
  const { error, response } = await pending;
  if (!response.ok) throw problemOf(response, error);
}

/** The header that makes a POST happen once, however often it is sent with the same key. */
export function keyed(key: string): { headers: { "Idempotency-Key": string } } {
  return { headers: { "Idempotency-Key": key } };
}
