/** The client of meta_be: every path of its OpenAPI document, typed; the live stream; webhooks, verified. */
export { createClient, answered, done, keyed, type Client, type Options } from "./client";
export { ProblemError, Unreachable, isProblem, type FieldFault, type Problem } from "./problems";
export { follow, type Following, type LiveEvent, type LiveState } from "./live";
export { verifyWebhook, type Delivery } from "./webhooks";
export { form } from "./forms";
export type { components, paths } from "./schema";

import type { components } from "./schema";
export type Schemas = components["schemas"];
