// A buyer's day through the TypeScript client; run by tests/clients/test_days.py, which says what there is.
import assert from "node:assert/strict";
import { answered, createClient, done, form, keyed } from "../../../clients/typescript/src/index.ts";
import { given, only, picture, refused } from "./common.ts";

const baseUrl = given.url;
let token: string | null = null;
const client = createClient({ baseUrl, token: () => token });
const shop = createClient({ baseUrl, token: () => given.merchant_token });
token = (await answered(client.POST("/api/v1/customer/login", { body: { name: given.name, password: given.password } }))).access_token;

// Orders: list by cursor, receive.
const page = await answered(client.GET("/api/v1/customer/orders", { params: { query: { size: 3 } } }));
const next = { params: { query: { size: 3, cursor: page.next_cursor } } };
const rest = await answered(client.GET("/api/v1/customer/orders", next));
assert.equal(page.total, 4);
assert.deepEqual([...page.items, ...rest.items].map((order) => order.id), [...given.orders].reverse());
const [arriving, broken, short, kept] = given.orders;
const orderOf = (order_id: number) => ({ params: { path: { order_id } } });
const order = await answered(client.POST("/api/v1/customer/orders/{order_id}/receive", { ...orderOf(arriving), ...keyed("received") }));
assert.equal(order.status, 2);
assert.equal((await refused(answered(client.POST("/api/v1/customer/orders/{order_id}/receive", orderOf(arriving))))).status, 409);

// A return with evidence, sent back and tracked.
const shown = await answered(client.POST("/api/v1/customer/files", { body: { file: picture() }, bodySerializer: form }));
const asking = { ...orderOf(broken), body: { except_type: "退货退款" as const, back_reason: "有划痕", evidence: [shown.name] } };
const asked = await answered(client.POST("/api/v1/customer/orders/{order_id}/except-orders", asking));
const evidence = only(asked.evidence);
assert.deepEqual([evidence.by, evidence.name], ["customer", shown.name]);
assert.equal((await refused(answered(client.POST("/api/v1/customer/orders/{order_id}/except-orders", asking)))).status, 409);
const ticket = { params: { path: { ticket_id: asked.id } } };
assert.ok((await answered(shop.POST("/api/v1/merchant/except-orders/{ticket_id}/agree", { ...ticket, body: {} }))).return_address);
const parcel = { ...ticket, body: { logistics_id: 2, tracking_number: "YT123" } };
const sent = await answered(client.POST("/api/v1/customer/except-orders/{ticket_id}/return", parcel));
assert.equal(sent.return_parcel?.tracking_number, "YT123");
await answered(shop.POST("/api/v1/merchant/except-orders/{ticket_id}/receive", { ...ticket, body: {} }));
assert.equal((await answered(client.GET("/api/v1/customer/except-orders/{ticket_id}", ticket))).step, "refunded");

// Less than was asked for is an offer, which the buyer accepts.
const refund = { except_type: "仅退款" as const, back_reason: "少了一件" };
const second = await answered(client.POST("/api/v1/customer/orders/{order_id}/except-orders", { ...orderOf(short), body: refund }));
const offered = { params: { path: { ticket_id: second.id } } };
await answered(shop.POST("/api/v1/merchant/except-orders/{ticket_id}/agree", { ...offered, body: { back_cost: 1.5 } }));
const accepted = await answered(client.POST("/api/v1/customer/except-orders/{ticket_id}/accept", offered));
assert.deepEqual([accepted.step, accepted.refund?.amount], ["refunded", 1.5]);
const detail = await answered(client.GET("/api/v1/customer/orders/{order_id}", orderOf(short)));
assert.deepEqual([detail.status, detail.refunded], [2, 1.5]);

// What is asked for can be withdrawn.
const third = await answered(client.POST("/api/v1/customer/orders/{order_id}/except-orders", { ...orderOf(kept), body: refund }));
const withdrawing = { params: { path: { ticket_id: third.id } } };
assert.equal((await answered(client.POST("/api/v1/customer/except-orders/{ticket_id}/withdraw", withdrawing))).step, "withdrawn");
assert.equal((await answered(client.GET("/api/v1/customer/except-orders"))).items.length, 3);
assert.ok((await answered(client.GET("/api/v1/customer/orders/{order_id}/events", orderOf(kept)))).items.length > 0);

// One thing of the account is changed, which changes nothing else; then it is deleted.
const before = await answered(client.GET("/api/v1/customer/me"));
const after = await answered(client.PATCH("/api/v1/customer/me", { body: { tel_phone: "13900000000" } }));
assert.deepEqual([after.tel_phone, after.name, after.email_address], ["13900000000", before.name, before.email_address]);
assert.equal((await refused(done(client.DELETE("/api/v1/customer/me", { body: { password: "wrong" } })))).status, 422);
await done(client.DELETE("/api/v1/customer/me", { body: { password: given.password } }));
assert.equal((await refused(answered(client.GET("/api/v1/customer/me")))).code, "not_authenticated");
