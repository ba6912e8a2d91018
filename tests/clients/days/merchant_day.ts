// A merchant's day through the TypeScript client; run by tests/clients/test_days.py, which says what there is.
import assert from "node:assert/strict";
import { answered, createClient, done, follow, form, keyed, Unreachable, type LiveEvent } from "../../../clients/typescript/src/index.ts";
import { endpoint, given, only, picture, refused, until } from "./common.ts";

const { url } = given;
let token: string | null = null;
const unauthorized: (string | null)[] = [];
const options = { baseUrl: url, token: () => token, onUnauthorized: (which: string | null) => unauthorized.push(which) };
const client = createClient({ ...options, language: () => "en" });

// Errors have types, and come in the language that was asked for.
const outside = await refused(answered(client.GET("/api/v1/merchant/orders")));
assert.deepEqual([outside.status, outside.code], [401, "not_authenticated"]);
assert.deepEqual(unauthorized, [null]);
const wrong = await refused(answered(client.POST("/api/v1/merchant/login", { body: { name: "", password: "x" } })));
assert.deepEqual([wrong.status, Object.keys(wrong.fields)], [422, ["name"]]);
assert.ok(wrong.requestId);
const chinese = createClient({ ...options, language: () => "zh" });
assert.match((await refused(answered(chinese.GET("/api/v1/merchant/me")))).message, /[\u4e00-\u9fff]/);
await assert.rejects(answered(createClient({ baseUrl: "http://127.0.0.1:9" }).GET("/api/v1/statuses")), Unreachable);

token = (await answered(client.POST("/api/v1/merchant/login", { body: { name: given.name, password: given.password } }))).access_token;

// A webhook; a change of one thing changes nothing else.
const receiver = await endpoint();
const wanted = { url: receiver.url, types: ["order.ship" as const], description: "for the day" };
const webhook = await answered(client.POST("/api/v1/merchant/webhooks", { body: wanted }));
assert.ok(webhook.secret);
receiver.secrets.push(webhook.secret);
const hook = { params: { path: { webhook_id: webhook.id } } };
await answered(client.PATCH("/api/v1/merchant/webhooks/{webhook_id}", { ...hook, body: { description: "changed" } }));
const kept = await answered(client.GET("/api/v1/merchant/webhooks/{webhook_id}", hook));
assert.deepEqual([kept.url, kept.types, kept.description], [webhook.url, webhook.types, "changed"]);

// Everything that happens from now on, through a relay that cuts the stream.
const heard: LiveEvent[] = [];
let position = "";
const stop = follow({
  url: `${given.relay}/api/v1/merchant/events`,
  token: () => token,
  onEvent: (event) => heard.push(event),
  onPosition: (id) => (position = id),
});
await until(() => position !== "");

// Orders: list by cursor, correct, ship, ship from a file, cancel.
const page = await answered(client.GET("/api/v1/merchant/orders", { params: { query: { status: [0], size: 2 } } }));
assert.equal(page.total, 3);
const next = { status: [0], size: 2, cursor: page.next_cursor };
const rest = await answered(client.GET("/api/v1/merchant/orders", { params: { query: next } }));
const [last, middle] = page.items;
const first = only(rest.items);
assert.ok(last && middle && first.actions.includes("ship"));

const order = { params: { path: { order_id: first.id } } };
const receiverOfOrder = { ...order, body: { receiver_name: "李四" } };
const corrected = await answered(client.PATCH("/api/v1/merchant/orders/{order_id}/receiver", receiverOfOrder));
assert.deepEqual([corrected.receiver.name, corrected.receiver.phone], ["李四", first.receiver.phone]);

const parcel = { ...order, body: { logistic_id: 1, logistic_order_id: "SF1391234567890" } };
const shipped = await client.POST("/api/v1/merchant/orders/{order_id}/ship", { ...parcel, ...keyed("once") });
const again = await client.POST("/api/v1/merchant/orders/{order_id}/ship", { ...parcel, ...keyed("once") });
assert.equal(shipped.data?.status, 1);
assert.deepEqual(again.data, shipped.data);
assert.deepEqual([shipped, again].map(({ response }) => response.headers.get("Idempotent-Replayed")), [null, "true"]);
const mended = { ...order, body: { logistic_id: 1, logistic_order_id: "SF2" } };
const reused = await refused(answered(client.POST("/api/v1/merchant/orders/{order_id}/ship", { ...mended, ...keyed("once") })));
assert.equal(reused.code, "key_reused");
await answered(client.POST("/api/v1/merchant/orders/{order_id}/ship", mended));

const rows = new Blob([`order_number,logistic_id,logistic_order_id\n${middle.order_number},1,SF3\nNONE,1,SF4\n`], { type: "text/csv" });
const upload = { body: { file: rows }, bodySerializer: form };
const tried = await answered(client.POST("/api/v1/merchant/orders/ship/import", { ...upload, params: { query: { dry_run: true } } }));
const imported = await answered(client.POST("/api/v1/merchant/orders/ship/import", { ...upload, ...keyed("file") }));
assert.deepEqual([tried.shipped, imported.shipped, imported.failed], [1, 1, 1]);

const unwanted = { params: { path: { order_id: last.id } }, body: { remark: "缺货" } };
assert.equal((await answered(client.POST("/api/v1/merchant/orders/{order_id}/cancel", unwanted))).status, 3);
const illegal = await refused(answered(client.POST("/api/v1/merchant/orders/{order_id}/cancel", unwanted)));
assert.equal(illegal.status, 409);
assert.ok(illegal.problem.actions);

// Files: upload, read with its ETag, export.
const uploaded = await answered(client.POST("/api/v1/merchant/files", { body: { file: picture() }, bodySerializer: form }));
assert.deepEqual([uploaded.kind, uploaded.uploaded_as, uploaded.width], ["image", "a.png", 4]);
const file = { params: { path: { name: uploaded.name } } };
const found = await client.GET("/api/v1/files/{name}", { ...file, parseAs: "blob" });
assert.equal(found.data?.type, "image/png");
const etag = found.response.headers.get("ETag") ?? "";
const known = { params: { ...file.params, header: { "If-None-Match": etag } } };
assert.equal((await client.GET("/api/v1/files/{name}", { ...known, parseAs: "stream" })).response.status, 304);
const orders = await answered(client.GET("/api/v1/merchant/orders/export", { parseAs: "blob" }));
assert.ok((await orders.text()).includes(given.order_number));
const workbook = { params: { query: { format: "xlsx" as const, status: [1] } }, parseAs: "blob" as const };
assert.ok((await (await answered(client.GET("/api/v1/merchant/orders/export", workbook))).text()).startsWith("PK"));

// Goods: sent back as they were read, but for the description; exported and imported.
const product = { params: { path: { product_id: given.product_id } } };
const before = await answered(client.GET("/api/v1/merchant/products/{product_id}", product));
const { name, unit, meta_obj_id, listed } = before;
const body = { name, unit, meta_obj_id, listed, pictures: before.pictures.map((each) => each.name), desc: "说明" };
const after = await answered(client.PATCH("/api/v1/merchant/products/{product_id}", { ...product, body }));
assert.deepEqual(after, { ...before, desc: "说明", last_update: after.last_update });
const alone = await answered(client.PATCH("/api/v1/merchant/products/{product_id}", { ...product, body: { desc: null } }));
assert.deepEqual(alone, { ...before, desc: null, last_update: alone.last_update });
const skus = await answered(client.GET("/api/v1/merchant/skus/export", { parseAs: "blob" }));
const taken = await answered(client.POST("/api/v1/merchant/skus/import", { body: { file: skus }, bodySerializer: form }));
assert.deepEqual([taken.failed, taken.results.length], [0, 1]);

// Tickets: agree, refuse, receive.
const waiting = await answered(client.GET("/api/v1/merchant/except-orders", { params: { query: { waiting_for: "merchant" } } }));
assert.deepEqual(new Set(waiting.items.map(({ id }) => id)), new Set(given.tickets));
const [agreed, refusedTicket, returned] = given.tickets;
const ticket = (ticket_id: number) => ({ params: { path: { ticket_id } } });
const agreedTo = await answered(client.POST("/api/v1/merchant/except-orders/{ticket_id}/agree", { ...ticket(agreed), body: {} }));
assert.equal(agreedTo.step, "awaiting_return");
const reason = { ...ticket(refusedTicket), body: { remark: "已使用" } };
assert.equal((await answered(client.POST("/api/v1/merchant/except-orders/{ticket_id}/refuse", reason))).remark, "已使用");
const receiving = { ...ticket(returned), body: { restock: false } };
const received = await answered(client.POST("/api/v1/merchant/except-orders/{ticket_id}/receive", receiving));
assert.ok(received.step === "refunded" && received.refund !== null);

// Figures.
assert.equal((await answered(client.GET("/api/v1/merchant/statistics/overview"))).today.orders, 6);
assert.ok((await answered(client.GET("/api/v1/merchant/statistics/top-skus"))).items.length > 0);
assert.equal((await answered(client.GET("/api/v1/merchant/statistics/trend", { params: { query: { by: "hour" } } }))).by, "hour");

// The stream has told everything once, and the webhook what it asked for.
await until(() => heard.length >= given.told.length);
stop();
assert.deepEqual(heard.map((event) => event.type), given.told);
assert.equal(new Set(heard.map((event) => event.id)).size, heard.length);
await until(() => receiver.taken.length === 3);
for (const message of receiver.taken) {
  assert.ok(message.type === "order.ship");
  assert.ok(message.data.status === 1 && message.data.details?.logistic_id === 1);
}
await receiver.check(webhook.secret, given.other_secret);

// A stream whose session ends says so, and does not come back.
let ended = "";
let connected = false;
follow({
  url: `${url}/api/v1/merchant/events`,
  token: () => token,
  onEvent: () => undefined,
  onPosition: () => (connected = true),
  onState: (now) => now.state === "ended" && (ended = now.code),
});
await until(() => connected);
await done(client.POST("/api/v1/merchant/logout"));
await until(() => ended !== "");
assert.equal(ended, "not_authenticated");
process.exit(0);
