/** The serializer of a multipart body: every field that is given, files under their names. */
export function form(fields: Record<string, Blob | string | number | boolean | null | undefined>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (value instanceof Blob) data.append(name, value);
    else data.append(name, String(value));
  }
  return data;
}
