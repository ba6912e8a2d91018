// A merchant's day through the client; run by test_typescript.py, which gives the service's address and the accounts.
import assert from "node:assert/strict";
import { answered, createClient, done, follow, form, keyed, ProblemError, Unreachable, verifyWebhook, type LiveEvent } from "../../clients/typescript/src/index.ts";

const given = JSON.parse(process.argv[2] ?? "{}");
let token: string | null = null;
const refused: (string | null)[] = [];
const options = { baseUrl: String(given.url), token: () => token, onUnauthorized: (which: string | null) => refused.push(which) };
const client = createClient({ ...options, language: () => "en" });

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 200, "it does not come true");
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

async function problem(pending: Promise<unknown>): Promise<ProblemError> {
  const error: unknown = await pending.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProblemError, String(error));
  return error;
}

// Errors are typed, and in the language that was asked for.
const outside = await problem(answered(client.GET("/api/v1/merchant/orders")));
assert.deepEqual([outside.status, outside.code], [401, "not_authenticated"]);
assert.deepEqual(refused, [null]);
const wrong = await problem(answered(client.POST("/api/v1/merchant/login", { body: { name: "", password: "x" } })));
assert.equal(wrong.status, 422);
assert.ok(wrong.fields["name"] && wrong.requestId);
const chinese = createClient({ ...options, language: () => "zh" });
assert.match((await problem(answered(chinese.GET("/api/v1/merchant/me")))).message, /[\u4e00-\u9fff]/);
await assert.rejects(answered(createClient({ baseUrl: "http://127.0.0.1:9" }).GET("/api/v1/statuses")), Unreachable);

token = (await answered(client.POST("/api/v1/merchant/login", { body: { name: given.name, password: given.password } }))).access_token;

// The stream resumes after its end without loss or doubling.
const first: LiveEvent[] = [];
let position = "";
const states: string[] = [];
const url = `${given.url}/api/v1/merchant/events`;
let stop = follow({ url, token: () => token, onEvent: (event) => first.push(event), onPosition: (id) => (position = id), onState: ({ state }) => states.push(state) });
await until(() => position !== "");

const page = await answered(client.GET("/api/v1/merchant/orders", { params: { query: { status: [0], size: 1 } } }));
assert.equal(page.total, 2);
const rest = await answered(client.GET("/api/v1/merchant/orders", { params: { query: { status: [0], size: 1, cursor: page.next_cursor ?? "" } } }));
const [one, two] = [page.items[0], rest.items[0]];
assert.ok(one && two && one.id !== two.id);

const parcel = { params: { path: { order_id: one.id } }, body: { logistic_id: 1, logistic_order_id: "SF1391234567890" } };
const shipped = await answered(client.POST("/api/v1/merchant/orders/{order_id}/ship", { ...parcel, ...keyed("once") }));
const again = await answered(client.POST("/api/v1/merchant/orders/{order_id}/ship", { ...parcel, ...keyed("once") }));
assert.deepEqual(again, shipped);
await until(() => first.some((event) => event.type === "order.ship"));
stop();

const rows = new Blob([`order_number,logistic_id,logistic_order_id\n${two.order_number},1,SF2\nNONE,1,SF3\n`], { type: "text/csv" });
const imported = await answered(
  client.POST("/api/v1/merchant/orders/ship/import", { body: { file: rows }, bodySerializer: form, ...keyed("file") }),
);
assert.deepEqual([imported.shipped, imported.failed], [1, 1]);
const missed: LiveEvent[] = [];
stop = follow({ url, token: () => token, lastEventId: position, onEvent: (event) => missed.push(event) });
await until(() => missed.length > 0);
stop();
assert.deepEqual(missed.map((event) => [event.type, event.order_number]), [["order.ship", two.order_number]]);
assert.equal(first.filter((event) => event.type === "order.ship").length, 1);

const file = await answered(client.GET("/api/v1/merchant/orders/export", { params: { query: { format: "csv" } }, parseAs: "blob" }));
assert.ok((await file.text()).includes(one.order_number));
assert.equal((await answered(client.GET("/api/v1/merchant/statistics/overview"))).today.orders, 2);

// A stream whose session ends says so, and does not come back.
let ended = "";
follow({ url, token: () => token, onEvent: () => undefined, onState: (now) => now.state === "ended" && (ended = now.code) });
await until(() => states.includes("live"));
await done(client.POST("/api/v1/merchant/logout"));
await until(() => ended !== "");

// Deliveries: the right signature, another body, another secret, an old one.
const { secret, body, headers } = given.delivery;
assert.deepEqual(await verifyWebhook(secret, { body, headers }), JSON.parse(body));
await verifyWebhook([given.otherSecret, secret], { body, headers: new Headers(headers) });
await assert.rejects(verifyWebhook(secret, { body: `${body} `, headers }));
await assert.rejects(verifyWebhook(given.otherSecret, { body, headers }));
await assert.rejects(verifyWebhook(secret, { body, headers }, Date.now() / 1000 + 3600));
console.log("a day went by");
process.exit(0);
