import { ProblemError, Unreachable } from "@meta-be/client";
import { ElMessage } from "element-plus";
import { t } from "../i18n";

/** What went wrong, in the user's language. */
export function told(error: unknown): string {
  if (error instanceof ProblemError) return error.problem.detail;
  if (error instanceof Unreachable) return t("error.unreachable");
  return t("error.unknown");
}

export function requestIdOf(error: unknown): string | null {
  return error instanceof ProblemError ? error.requestId : null;
}

export function complain(error: unknown): void {
  const id = requestIdOf(error);
  const about = id === null ? "" : ` (${t("error.request_id")} ${id})`;
  ElMessage({ type: "error", message: told(error) + about, duration: 8000, showClose: true, grouping: true });
}

export function praise(message: string): void {
  ElMessage({ type: "success", message, duration: 2500, grouping: true });
}
