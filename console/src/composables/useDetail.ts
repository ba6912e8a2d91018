import { shallowRef, watch, type ShallowRef } from "vue";

interface Detail<Shown> {
  shown: ShallowRef<Shown | null>;
  failure: ShallowRef<unknown>;
  load: () => Promise<void>;
}

/** What is shown of one row: read when its id changes, and again by `load`; an answer that comes after the next id is dropped. */
export function useDetail<Shown>(id: () => number | null, read: (id: number) => Promise<Shown>): Detail<Shown> {
  const shown: ShallowRef<Shown | null> = shallowRef(null);
  const failure = shallowRef<unknown>(null);

  async function load(): Promise<void> {
    const asked = id();
    if (asked === null) return;
    try {
      const found = await read(asked);
      if (asked === id()) [shown.value, failure.value] = [found, null];
    } catch (error) {
      failure.value = error;
    }
  }

  watch(
    id,
    (asked) => {
      if (asked === null) return;
      shown.value = null;
      void load();
    },
    { immediate: true },
  );
  return { shown, failure, load };
}
