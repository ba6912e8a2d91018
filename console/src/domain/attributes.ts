/** A SKU's attributes as a reader sees them: a JSON object's names and values, any other text as it is. */
export function attributes(text: string | null): string {
  if (text === null || !text.startsWith("{")) return text ?? "";
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? Object.entries(parsed).map(([name, value]) => `${name}: ${value}`).join(" · ") : text;
  } catch {
    return text;
  }
}
