import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";
import { useRoute, useRouter, type LocationQuery } from "vue-router";

/** How a filter stands in the address bar. */
export interface Codec<T> {
  read: (raw: string) => T | undefined;
  write: (value: T) => string;
}

export const text: Codec<string> = { read: (raw) => raw || undefined, write: (value) => value };
export const number: Codec<number> = {
  read: (raw) => (/^-?\d{1,12}$/.test(raw) ? Number(raw) : undefined),
  write: String,
};
export const flag: Codec<boolean> = { read: (raw) => (raw === "true" ? true : raw === "false" ? false : undefined), write: String };
export function oneOf<const T extends string>(...values: T[]): Codec<T> {
  return { read: (raw) => values.find((value) => value === raw), write: (value) => value };
}

export type Codecs<F> = { [Name in keyof F]-?: Codec<NonNullable<F[Name]>> };
export interface Page {
  size: number;
  cursor?: string;
}
interface Listed<Row> {
  items: Row[];
  total: number | null;
  total_is_capped: boolean;
  next_cursor: string | null;
}

export const SIZES = [20, 50, 100];
const SIZE = 50; // unless the address bar says otherwise

/**
 * A list whose filters and place are in the address bar: a reload, a link and the back button show the same rows.
 * Only the newest request counts, and it is the only one that goes on.
 */
export function useList<Row, F extends object>(
  codecs: Codecs<F>,
  fetch: (filters: Partial<F>, page: Page, signal: AbortSignal) => Promise<Listed<Row>>,
) {
  const route = useRoute();
  const router = useRouter();
  const home = route.path;
  const rows: Ref<Row[]> = shallowRef([]);
  const total = ref<number | null>(null);
  const isCapped = ref(false);
  const next = ref<string | null>(null);
  const trail = ref<string[]>([]); // the cursors of the pages before this one; "" is the first page's
  const loading = ref(true);
  const failure = shallowRef<unknown>(null);
  let going = new AbortController();

  const filters = computed(() => filtersIn(route.query, codecs));
  const cursor = computed(() => one(route.query["cursor"]));
  const size = computed(() => SIZES.find((each) => String(each) === one(route.query["size"])) ?? SIZE);
  const isFiltered = computed(() => Object.keys(filters.value).length > 0);

  async function load(quietly = false): Promise<void> {
    going.abort();
    const mine = (going = new AbortController());
    if (!quietly) loading.value = true;
    try {
      const page = { size: size.value, ...(cursor.value === "" ? {} : { cursor: cursor.value }) };
      const found = await fetch(filters.value, page, mine.signal);
      if (mine !== going) return;
      rows.value = found.items;
      next.value = found.next_cursor;
      failure.value = null;
      if (found.total !== null) [total.value, isCapped.value] = [found.total, found.total_is_capped];
    } catch (error) {
      if (mine === going && !mine.signal.aborted) failure.value = error;
    } finally {
      if (mine === going) loading.value = false;
    }
  }

  /** Changes filters; undefined takes one away. The list begins at its first page again. */
  function filter(change: Partial<F>, replace = false): void {
    const query: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...sized(size.value), ...kept(route.query, codecs), ...written(change, codecs) })) {
      if (value !== undefined) query[name] = value;
    }
    trail.value = [];
    void (replace ? router.replace({ query }) : router.push({ query }));
  }

  function clear(): void {
    trail.value = [];
    void router.push({ query: sized(size.value) });
  }

  /** Shows this many rows on a page, from the first one on. */
  function resize(to: number): void {
    const { cursor: _, size: __, ...query } = route.query;
    trail.value = [];
    void router.push({ query: { ...query, ...sized(to) } });
  }

  function turn(to: string): void {
    const { cursor: _, ...query } = route.query;
    void router.push({ query: to === "" ? query : { ...query, cursor: to } });
  }

  function forward(): void {
    if (next.value === null) return;
    trail.value = [...trail.value, cursor.value];
    turn(next.value);
  }

  function back(): void {
    const before = trail.value.at(-1) ?? "";
    trail.value = trail.value.slice(0, -1);
    turn(before);
  }

  watch(
    () => (route.path === home ? JSON.stringify([filters.value, cursor.value, size.value]) : null),
    (now) => now !== null && void load(),
    { immediate: true },
  );
  onScopeDispose(() => going.abort());

  return {
    rows, total, isCapped, loading, failure, filters, isFiltered, size,
    hasNext: computed(() => next.value !== null),
    hasBack: computed(() => cursor.value !== ""),
    pageNumber: computed(() => (cursor.value === "" ? 1 : trail.value.length + 1)),
    filter, clear, resize, forward, back, reload: () => load(true), retry: () => load(),
  };
}

export type List<Row, F extends object> = ReturnType<typeof useList<Row, F>>;

/** How the number of rows stands in the address bar. */
function sized(size: number): Record<string, string> {
  return size === SIZE ? {} : { size: String(size) };
}

function one(value: LocationQuery[string] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

function filtersIn<F extends object>(query: LocationQuery, codecs: Codecs<F>): Partial<F> {
  const found: Partial<F> = {};
  for (const name in codecs) {
    const value = codecs[name].read(one(query[name]));
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** What of the query stays when a filter changes: the other filters, and what belongs to no list, but not the place in it. */
function kept<F extends object>(query: LocationQuery, codecs: Codecs<F>): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  for (const name in codecs) if (one(query[name]) !== "") found[name] = one(query[name]);
  return found;
}

function written<F extends object>(change: Partial<F>, codecs: Codecs<F>): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  for (const name in codecs) {
    if (!(name in change)) continue;
    const value = change[name];
    found[name] = value === undefined || value === null || value === "" ? undefined : codecs[name].write(value);
  }
  return found;
}
