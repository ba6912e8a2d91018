// What the days of the TypeScript client share: what they are given, refusals, and an endpoint for webhooks.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { ProblemError, verifyWebhook, type WebhookMessage } from "../../../clients/typescript/src/index.ts";

/** What tests/clients/test_days.py made for the day: addresses, accounts, rows. */
export const given: Given = JSON.parse(process.argv[2] ?? "{}");

interface Given {
  url: string;
  relay: string; // the same by a way that cuts streams
  name: string;
  password: string;
  merchant_token: string;
  secret: string; // the platform's
  other_secret: string;
  picture: string; // in hexadecimal
  told: string[];
  number: string;
  order_number: string;
  merchant_id: number;
  customer_id: number;
  product_id: number;
  sku_id: number;
  orders: [number, number, number, number];
  tickets: [number, number, number];
}

/** The error of a call that must be refused. */
export async function refused(pending: Promise<unknown>): Promise<ProblemError> {
  const error: unknown = await pending.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProblemError, String(error));
  return error;
}

export async function until(holds: () => unknown): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 1200, "it does not come true");
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** The one that must be there. */
export function only<Item>(items: Item[]): Item {
  const [item] = items;
  assert.ok(item !== undefined && items.length === 1, `${items.length} instead of one`);
  return item;
}

export function picture(): File {
  return new File([Buffer.from(given.picture, "hex")], "a.png", { type: "image/png" });
}

export interface Endpoint {
  url: string;
  secrets: string[];
  taken: WebhookMessage[];
  /** A delivery holds with its secret and while that is rotated, and not with another secret, body or time. */
  check: (secret: string, other: string) => Promise<void>;
}

/** A receiver of webhooks on loopback, which takes what is signed with one of its secrets and answers 401 to the rest. */
export async function endpoint(): Promise<Endpoint> {
  const raw: { body: string; headers: Headers }[] = [];
  const secrets: string[] = [];
  const taken: WebhookMessage[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const delivery = { body: Buffer.concat(pieces).toString(), headers };
    try {
      taken.push(await verifyWebhook(secrets, delivery));
      raw.push(delivery);
      response.writeHead(204).end();
    } catch {
      response.writeHead(401).end();
    }
  });
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const check = async (secret: string, other: string): Promise<void> => {
    const [delivery] = raw;
    assert.ok(delivery);
    assert.deepEqual(await verifyWebhook(secret, delivery), taken[0]);
    await verifyWebhook([other, secret], { ...delivery, headers: Object.fromEntries(delivery.headers) });
    await assert.rejects(verifyWebhook(other, delivery));
    await assert.rejects(verifyWebhook(secret, { ...delivery, body: `${delivery.body} ` }));
    await assert.rejects(verifyWebhook(secret, delivery, Date.now() / 1000 + 3600));
  };
  return { url: `http://127.0.0.1:${address.port}/hook`, secrets, taken, check };
}
