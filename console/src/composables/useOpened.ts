import { computed } from "vue";
import { useRoute, useRouter } from "vue-router";

/** Which row is open beside a list, kept in the address bar under `name`, so that it can be linked to. */
export function useOpened(name: string) {
  const route = useRoute();
  const router = useRouter();
  const id = computed(() => {
    const raw = route.query[name];
    return typeof raw === "string" && /^\d{1,10}$/.test(raw) ? Number(raw) : null;
  });
  const isOpen = computed({
    get: () => id.value !== null,
    set: (open) => void (open || close()),
  });

  function open(row: { id: number }): void {
    void router.push({ query: { ...route.query, [name]: row.id } });
  }

  function close(): void {
    const { [name]: _, ...query } = route.query;
    void router.push({ query });
  }

  return { id, isOpen, open, close };
}
