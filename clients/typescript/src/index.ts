/** The client of meta_be: every path of its OpenAPI document, typed; the live stream; webhooks, verified. */
export { createClient, answered, done, keyed, type Client, type Options } from "./client.ts";
export { ProblemError, Unreachable, isProblem, type FieldFault, type Problem } from "./problems.ts";
export { follow, type Following, type LiveEvent, type LiveState } from "./live.ts";
export { verifyWebhook, type Delivery, type WebhookMessage } from "./webhooks.ts";
export { form } from "./forms.ts";
export type { components, paths } from "./schema.d.ts";

import type { components } from "./schema.d.ts";
export type Schemas = components["schemas"];
