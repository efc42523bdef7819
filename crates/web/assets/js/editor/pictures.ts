// A picture that is pasted, dropped or chosen becomes evidence of the incident, and the text shows it by its id. Where it stands follows
// what others write meanwhile; what goes wrong is said, and the text stays as it was.
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import * as Y from "yjs";

/// As pages show them.
const BYTES_MOST = 10 << 20;
const TYPES: [string, RegExp][] = [
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF[^]{4}WEBP/],
];
export const ACCEPTED = TYPES.map(([type]) => type).join(",");

export type Say = (text: string, bad?: boolean) => void;

async function typeOf(file: File): Promise<string | undefined> {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const head = String.fromCharCode(...bytes);
  return TYPES.find(([, sign]) => sign.test(head))?.[0];
}

/// Keeps a picture; its id.
async function keep(url: string, file: File): Promise<string> {
  const type = await typeOf(file);
  if (!type) throw new Error("it is no PNG, JPEG, GIF or WebP");
  if (file.size > BYTES_MOST) throw new Error("it has more than 10 MB; make it smaller, or add it to the record as evidence");
  const title = `Picture: ${file.name || "pasted"}`.slice(0, 200);
  const query = new URLSearchParams({ title, file: file.name, type, note: "Shown in the postmortem." });
  let answer: Response;
  try {
    answer = await fetch(`${url}?${query}`, { method: "POST", body: file });
  } catch {
    throw new Error("the server is not reached; try again when you are online");
  }
  const told = (await answer.json().catch(() => ({}))) as { id?: string; detail?: string };
  if (!answer.ok || !told.id) throw new Error(told.detail ?? "the server did not take it");
  return told.id;
}

export async function attach(view: EditorView, text: Y.Text, url: string, files: File[], at: number, say: Say) {
  const place = Y.createRelativePositionFromTypeIndex(text, at);
  for (const file of files) {
    const name = file.name || "The picture";
    say(`${name} is sent…`);
    try {
      const id = await keep(url, file);
      const found = Y.createAbsolutePositionFromRelativePosition(place, text.doc!);
      const from = Math.min(found?.index ?? at, view.state.doc.length);
      const before = from && !/\s/.test(view.state.sliceDoc(from - 1, from)) ? " " : "";
      // Whoever sent it stands where it is said what it shows.
      const insert = `${before}![](${id})`;
      view.dispatch({ changes: { from, insert }, selection: { anchor: from + before.length + 2 }, scrollIntoView: true, userEvent: "input.paste" });
      view.focus();
      say("It is kept as evidence. Say between [ ] what it shows, for those who do not see it.");
    } catch (error) {
      return say(`${name} was not attached: ${(error as Error).message}. Your text is as it was.`, true);
    }
  }
}

const of = (data: DataTransfer | null) => [...(data?.files ?? [])];

export const pictures = (text: Y.Text, url: string, say: Say): Extension =>
  EditorView.domEventHandlers({
    paste(event, view) {
      const files = of(event.clipboardData);
      // Where words come along, the words are meant.
      if (!files.length || event.clipboardData?.getData("text/plain")) return false;
      event.preventDefault();
      void attach(view, text, url, files, view.state.selection.main.from, say);
      return true;
    },
    drop(event, view) {
      const files = of(event.dataTransfer);
      if (!files.length) return false;
      event.preventDefault();
      const at = view.posAtCoords({ x: event.clientX, y: event.clientY }) ?? view.state.selection.main.from;
      void attach(view, text, url, files, at, say);
      return true;
    },
  });
