import { computed, ref } from "vue";
import type { Column } from "../components/DataTable.vue";

/**
 * Which columns of a table are shown, as they were chosen in this browser.
 * Only what differs from the default is kept, so that columns that are new later show as they are meant to.
 */
export function useColumns(table: string, all: () => Column[]) {
  const key = `meta-be.columns.${table}`;
  const chosen = ref(kept(key));
  const isShown = (column: Column) => column.always || (chosen.value[column.key] ?? !column.optional);

  function choose(column: Column, on: boolean): void {
    const { [column.key]: _, ...others } = chosen.value;
    keep(on === !column.optional ? others : { ...others, [column.key]: on });
  }

  function keep(choice: Record<string, boolean>): void {
    chosen.value = choice;
    if (Object.keys(choice).length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(choice));
  }

  return {
    shown: computed(() => all().filter(isShown)),
    choices: computed(() => all().filter((column) => !column.always).map((column) => ({ column, isShown: isShown(column) }))),
    isChanged: computed(() => Object.keys(chosen.value).length > 0),
    choose,
    reset: () => keep({}),
  };
}

export type Columns = ReturnType<typeof useColumns>;

/** What was chosen before; nothing where it can't be read. */
function kept(key: string): Record<string, boolean> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return Object.fromEntries(Object.entries(found ?? {}).filter(([, on]) => typeof on === "boolean"));
  } catch {
    return {};
  }
}
