/** A message of a text/event-stream; what it did not say is null. */
export interface Message {
  id: string | null;
  event: string | null;
  data: string;
  retry: number | null;
}

/** The messages of a stream. `heard` is called at every piece that comes, comments included. */
export async function* read(body: ReadableStream<Uint8Array<ArrayBuffer>>, heard: () => void): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      rest = (rest + value).replace(/\r\n?(?!$)/g, "\n");
      let end: number;
      while ((end = rest.search(/\n\n/)) >= 0) {
        yield parsed(rest.slice(0, end));
        rest = rest.slice(end + 2);
      }
      if (rest.endsWith("\n\r")) {
        yield parsed(rest.slice(0, -2));
        rest = "";
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parsed(block: string): Message {
  const message: Message = { id: null, event: null, data: "", retry: null };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "id") message.id = value;
    else if (field === "event") message.event = value;
    else if (field === "retry" && /^\d+$/.test(value)) message.retry = Number(value);
  }
  message.data = data.join("\n");
  return message;
}
