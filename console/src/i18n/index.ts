import { computed, watchEffect } from "vue";
import { createI18n } from "vue-i18n";
import { en, zh } from "./words";

export type Language = "zh" | "en";
const KEPT = "meta-be.language";

export const i18n = createI18n({ legacy: false, locale: preferred(), fallbackLocale: "zh", messages: { zh, en } });
export const t = i18n.global.t;
export const te = i18n.global.te;

export const language = computed<Language>({
  get: () => (i18n.global.locale.value === "en" ? "en" : "zh"),
  set: (chosen) => {
    i18n.global.locale.value = chosen;
    localStorage.setItem(KEPT, chosen);
  },
});

watchEffect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

/** What was chosen before, else the browser's language; Chinese where neither says English. */
function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept !== null) return kept === "en" ? "en" : "zh";
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "zh";
}
