import type { webhooks } from "./schema.d.ts";

/** What a delivery tells: `type` says which of the events it is. */
export type WebhookMessage = webhooks[keyof webhooks]["post"]["requestBody"]["content"]["application/json"];

/** A webhook delivery as it came: the body as text, unparsed, and the request's headers. */
export interface Delivery {
  body: string;
  headers: Headers | Record<string, string | undefined>;
}

const TOLERANCE = 300; // seconds between the sender's clock and ours

/**
 * The payload of a delivery whose signature is right (Standard Webhooks); throws otherwise.
 * `secrets` are the webhook's (whsec_…): the one in force, and while it is rotated the one before it.
 */
export async function verifyWebhook(secrets: string | string[], delivery: Delivery, now = Date.now() / 1000): Promise<WebhookMessage> {
  const id = header(delivery, "webhook-id");
  const timestamp = header(delivery, "webhook-timestamp");
  const signatures = header(delivery, "webhook-signature");
  if (!(Math.abs(now - Number(timestamp)) <= TOLERANCE)) throw new Error("the delivery is too old, or from the future");
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${delivery.body}`);
  for (const secret of [secrets].flat()) {
    const key = await keyOf(secret);
    for (const signature of signatures.split(" ")) {
      const [version, value] = signature.split(",");
      if (version !== "v1" || value === undefined) continue;
      if (await crypto.subtle.verify("HMAC", key, bytesOf(value), signed)) return JSON.parse(delivery.body);
    }
  }
  throw new Error("no signature of the delivery is right");
}

/** The headers that sign a request of the platform's, sent now. */
export async function signed(secret: string, body: string): Promise<Record<string, string>> {
  const id = `msg_${crypto.randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = await crypto.subtle.sign("HMAC", await keyOf(secret), new TextEncoder().encode(`${id}.${timestamp}.${body}`));
  const encoded = btoa(String.fromCharCode(...new Uint8Array(signature)));
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${encoded}` };
}

function header(delivery: Delivery, name: string): string {
  const headers = delivery.headers;
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (!value) throw new Error(`the delivery has no ${name}`);
  return value;
}

function keyOf(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytesOf(secret.replace(/^whsec_/, "")), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
