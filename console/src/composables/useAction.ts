import { ref } from "vue";
import { newKey } from "../api/key";
import { complain } from "../components/notices";

/** A button's action: it can't be started twice at once, and says what went wrong. Its key makes a repeated POST happen once. */
export function useAction<Given extends unknown[], Answer>(act: (key: string, ...given: Given) => Promise<Answer>) {
  const busy = ref(false);

  async function run(...given: Given): Promise<Answer | undefined> {
    if (busy.value) return undefined;
    busy.value = true;
    try {
      return await act(newKey(), ...given);
    } catch (error) {
      complain(error);
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  return { busy, run };
}
