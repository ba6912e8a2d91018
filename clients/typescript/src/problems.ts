import type { components } from "./schema.d.ts";

/** What the service says is wrong with one field. */
export type FieldFault = components["schemas"]["Fault"];

/** An error as the service sends it (RFC 9457); `code` is stable, `detail` is in the caller's language. */
export type Problem = components["schemas"]["Problem"];

/** The service refused the call. */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly requestId: string | null;
  readonly retryAfter: number | null; // seconds

  constructor(problem: Problem, requestId: string | null, retryAfter: number | null) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  /** What is wrong, by field; the first fault of each. */
  get fields(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const fault of this.problem.errors ?? []) found[fault.field] ??= fault.detail;
    return found;
  }
}

/** No answer came: the network is away, or the service is. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("the service can't be reached", { cause });
    this.name = "Unreachable";
  }
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "status" in value;
}

/** The error of a response that is none of 2xx. `body` is what it held, already read. */
export function problemOf(response: Response, body: unknown): ProblemError {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const problem = isProblem(body) ? body : unnamed(response);
  return new ProblemError(problem, response.headers.get("X-Request-ID"), Number.isFinite(seconds) ? seconds : null);
}

/** What a proxy between here and the service answered. */
function unnamed(response: Response): Problem {
  const title = response.statusText || `HTTP ${response.status}`;
  return { type: "about:blank", title, status: response.status, detail: title, instance: "", code: `http_${response.status}` };
}
