import { answered, createClient, done, ProblemError, type Schemas } from "@meta-be/client";
import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { language } from "../i18n";

export type Audience = "merchant" | "admin";
/** Why a session is over: its token is not taken any more, or the account was disabled. */
export type Ending = "expired" | "disabled";

const calls = createClient({ language: () => language.value });

function definition(audience: Audience) {
  const key = `meta-be.${audience}`;
  return defineStore(key, () => {
    const token = ref(localStorage.getItem(key));
    const ended = ref<Ending | null>(null);
    const name = ref("");
    const store = ref("");
    const isIn = computed(() => token.value !== null);

    // Another tab of the same browser logs in or out for this one too.
    window.addEventListener("storage", (event) => {
      if (event.key === key) token.value = event.newValue;
    });

    function keep(value: string | null): void {
      token.value = value;
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    }

    async function login(credentials: Schemas["Login"]): Promise<void> {
      const given = await answered(
        audience === "merchant"
          ? calls.POST("/api/v1/merchant/login", { body: credentials })
          : calls.POST("/api/v1/admin/login", { body: credentials }),
      );
      ended.value = null;
      keep(given.access_token);
    }

    async function logout(): Promise<void> {
      const headers = { Authorization: `Bearer ${token.value}` };
      keep(null);
      const pending =
        audience === "merchant"
          ? calls.POST("/api/v1/merchant/logout", { headers })
          : calls.POST("/api/v1/admin/logout", { headers });
      await done(pending).catch(() => undefined); // whoever leaves is out, whatever the service says
    }

    /** A call was refused with 401; `refused` is the token that it was sent with, which may be an older one. */
    function expired(refused: string | null, why: Ending = "expired"): void {
      if (refused !== null && refused !== token.value) return;
      if (token.value === null) return;
      ended.value = why;
      keep(null);
    }

    /** A call was refused with 403 because the account is disabled: its session is over too. */
    function refused(error: unknown): void {
      if (error instanceof ProblemError && error.code === "disabled") expired(token.value, "disabled");
    }

    return { token, ended, name, store, isIn, login, logout, expired, refused };
  });
}

const stores = { merchant: definition("merchant"), admin: definition("admin") };

export function session(audience: Audience) {
  return stores[audience]();
}
