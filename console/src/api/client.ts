import { createClient } from "@meta-be/client";
import { language } from "../i18n";
import { session, type Audience } from "../stores/session";

function clientOf(audience: Audience) {
  return createClient({
    token: () => session(audience).token,
    language: () => language.value,
    onUnauthorized: (token) => session(audience).expired(token),
  });
}

/** The calls of the logged-in merchant, of the logged-in admin, and of nobody. */
export const merchant = clientOf("merchant");
export const admin = clientOf("admin");
export const anyone = createClient({ language: () => language.value });
