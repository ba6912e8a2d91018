// The platform's day through the TypeScript client; run by tests/clients/test_days.py, which says what there is.
import assert from "node:assert/strict";
import { answered, createClient, type Schemas } from "../../../clients/typescript/src/index.ts";
import { endpoint, given, refused, until } from "./common.ts";

const baseUrl = given.url;
const client = createClient({ baseUrl, platformSecret: given.secret, language: () => "en" });
const stranger = createClient({ baseUrl, platformSecret: given.other_secret });
const shop = createClient({ baseUrl, token: () => given.merchant_token });
const business_id = given.merchant_id;
assert.equal((await refused(answered(stranger.GET("/api/v1/platform/orders")))).code, "bad_signature");

const receiver = await endpoint();
const types: Schemas["EventType"][] = ["order.place", "refund.due", "refund.paid"];
const webhook = await answered(client.POST("/api/v1/platform/webhooks", { body: { url: receiver.url, types } }));
assert.ok(webhook.secret);
receiver.secrets.push(webhook.secret);

// What is on sale.
const products = await answered(client.GET("/api/v1/platform/products", { params: { query: { size: 100 } } }));
assert.ok(products.items.some((product) => product.id === given.product_id));
const product = await answered(client.GET("/api/v1/platform/products/{product_id}", { params: { path: { product_id: given.product_id } } }));
const sku = await answered(client.GET("/api/v1/platform/skus/{sku_id}", { params: { path: { sku_id: given.sku_id } } }));
assert.deepEqual([sku.product_id, sku.id], [product.id, product.skus[0]?.id]);

// Paid orders come in once, however often they are sent.
const purchase = (order_number: string, num = 1): { body: Schemas["Place"] } => ({
  body: {
    order_number,
    customer_id: given.customer_id,
    sku_id: given.sku_id,
    num,
    receiver_name: "张三",
    receiver_phone: "13800000000",
    receiver_address: "上海市浦东新区世纪大道 1 号",
  },
});
const numbers = [0, 1, 2].map((each) => `${given.number}-${each}`);
for (const number of numbers) {
  const placed = await client.POST("/api/v1/platform/orders", purchase(number));
  const again = await client.POST("/api/v1/platform/orders", purchase(number));
  assert.deepEqual([placed.response.status, again.response.status], [201, 200]);
  assert.deepEqual(again.data, placed.data);
}
const differs = await refused(answered(client.POST("/api/v1/platform/orders", purchase(`${given.number}-0`, 2))));
assert.deepEqual([differs.status, differs.code], [409, "order_differs"]);
const short = await refused(answered(client.POST("/api/v1/platform/orders", purchase(`${given.number}-many`, 1_000_000))));
assert.deepEqual([short.code, short.problem.refund_due], ["out_of_stock", true]);
const order = { params: { path: { order_number: `${given.number}-2` } } };
const change = { ...order, body: { receiver_address: "北京市朝阳区 2 号" } };
const corrected = await answered(client.PATCH("/api/v1/platform/orders/{order_number}/receiver", change));
assert.deepEqual([corrected.receiver.name, corrected.receiver.address], ["张三", "北京市朝阳区 2 号"]);
assert.deepEqual(await answered(client.GET("/api/v1/platform/orders/{order_number}", order)), corrected);

// All orders of the shop, by cursor.
const found: string[] = [];
let cursor: string | null | undefined;
do {
  const page = await answered(client.GET("/api/v1/platform/orders", { params: { query: { size: 2, business_id, cursor } } }));
  found.push(...page.items.map(({ order_number }) => order_number));
  cursor = page.next_cursor;
} while (cursor !== null);
assert.deepEqual(found, numbers.reverse());

// Orders that the shop cancels are paid back, one at the second attempt.
const open = await answered(client.GET("/api/v1/platform/orders", { params: { query: { status: [0], business_id } } }));
for (const { id } of open.items.slice(0, 2)) {
  await answered(shop.POST("/api/v1/merchant/orders/{order_id}/cancel", { params: { path: { order_id: id } }, body: { remark: "缺货" } }));
}
const due = await answered(client.GET("/api/v1/platform/refunds", { params: { query: { status: ["due"], size: 100 } } }));
const [paid, failed] = due.items.filter((refund) => refund.business_id === business_id);
assert.ok(paid && failed);
const reason = { params: { path: { ticket_id: failed.ticket_id } }, body: { reason: "银行卡已注销" } };
const tried = await answered(client.POST("/api/v1/platform/refunds/{ticket_id}/failed", reason));
assert.deepEqual([tried.status, tried.reason], ["failed", "银行卡已注销"]);
for (const { ticket_id } of [paid, failed]) {
  const payment = { params: { path: { ticket_id } }, body: { reference: `PAY-${ticket_id}` } };
  const first = await answered(client.POST("/api/v1/platform/refunds/{ticket_id}/paid", payment));
  assert.deepEqual(await answered(client.POST("/api/v1/platform/refunds/{ticket_id}/paid", payment)), first);
  assert.equal(first.status, "paid");
}
const other = { params: { path: { ticket_id: paid.ticket_id } }, body: { reference: "OTHER" } };
assert.equal((await refused(answered(client.POST("/api/v1/platform/refunds/{ticket_id}/paid", other)))).status, 409);

// The webhook has told of all of it.
await until(() => receiver.taken.length === 7);
const counted = receiver.taken.map(({ type }) => type).sort();
assert.deepEqual(counted, [...Array(3).fill("order.place"), ...Array(2).fill("refund.due"), ...Array(2).fill("refund.paid")]);
await receiver.check(webhook.secret, given.other_secret);
process.exit(0);
