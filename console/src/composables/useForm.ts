import { ProblemError } from "@meta-be/client";
import { newKey } from "../api/key";
import { computed, reactive, ref, shallowRef, type UnwrapNestedRefs } from "vue";

/**
 * A form that can't be sent twice: while it is under way it is busy, and what is sent again unchanged (after a lost connection)
 * carries the same Idempotency-Key. `errors` are what the service says of each field, in the user's language.
 */
export function useForm<Values extends object, Answer>(
  initial: () => Values,
  send: (values: Values, key: string) => Promise<Answer>,
) {
  const values = reactive(initial());
  const busy = ref(false);
  const failure = shallowRef<unknown>(null);
  const errors = computed<Record<string, string>>(() => (failure.value instanceof ProblemError ? failure.value.fields : {}));
  let key = "";
  let sent = "";

  async function submit(): Promise<Answer | undefined> {
    if (busy.value) return undefined;
    const plain: Values = structuredClone(copied(values));
    const now = JSON.stringify(plain);
    if (key === "" || now !== sent) [key, sent] = [newKey(), now];
    busy.value = true;
    failure.value = null;
    try {
      const answer = await send(plain, key);
      key = "";
      return answer;
    } catch (error) {
      failure.value = error;
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  /** Begins anew, with other values where they are given. */
  function reset(other: Values = initial()): void {
    Object.assign(values, other);
    failure.value = null;
    key = "";
  }

  function copied(from: UnwrapNestedRefs<Values>): Values {
    return Object.assign(initial(), JSON.parse(JSON.stringify(from)));
  }

  return { values, busy, failure, errors, submit, reset };
}
