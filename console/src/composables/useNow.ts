import { readonly, ref } from "vue";

const now = ref(Date.now() / 1000);
setInterval(() => (now.value = Date.now() / 1000), 30_000);

/** The time in Unix seconds, to the half minute. */
export function useNow() {
  return readonly(now);
}
