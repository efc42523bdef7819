// Writing a postmortem together: on the page of one that may be written, each field becomes an editor of the shared text. The form
// stays as it is below: it holds the same words, saves them, and is all there is where the line does not come to be.
import { defaultKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, keymap } from "@codemirror/view";
import { ySyncAnnotation, yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { type Presence, cursors } from "./editor/cursors";
import { Line } from "./editor/line";
import { buttons, markdown } from "./editor/markdown";
import { Names, mention, mentions } from "./editor/mentions";
import { ACCEPTED, attach, pictures } from "./editor/pictures";

/// As the server holds it.
const TEXT_MOST = 40_000;
/// For so long a form waits for what was typed last to be on disk.
const STORED_MS = 3000;

interface Part {
  section: HTMLElement;
  field: HTMLTextAreaElement;
  label: HTMLLabelElement;
  name: string;
}

function parts(form: HTMLFormElement): Part[] {
  return [...form.querySelectorAll<HTMLElement>(".postmortem-section")].flatMap((section) => {
    const field = section.querySelector("textarea");
    const label = section.querySelector("label");
    return field && label ? [{ section, field, label, name: section.id }] : [];
  });
}

/// What was typed into the field before the text was there: the stretch that is not as it was.
function typed(field: HTMLTextAreaElement, text: Y.Text): boolean {
  const [was, is] = [field.defaultValue, field.value];
  if (was === is) return true;
  // Others wrote meanwhile: the form takes both together when it is saved.
  if (text.toString().trimEnd() !== was.trimEnd()) return false;
  let head = 0;
  while (head < was.length && was[head] === is[head]) head++;
  let tail = 0;
  while (tail < was.length - head && tail < is.length - head && was.at(-1 - tail) === is.at(-1 - tail)) tail++;
  text.delete(head, Math.max(0, Math.min(was.length, text.length) - head - tail));
  text.insert(head, is.slice(head, is.length - tail));
  return true;
}

/// Where things of the incident are asked for and kept.
interface House {
  names: Names;
  evidence: string;
}

function edit(part: Part, text: Y.Text, awareness: Awareness, house: House, comment: (quote: string) => void): () => void {
  const { section, field, label, name } = part;
  if (!typed(field, text)) return () => {};
  const title = label.textContent ?? name;
  label.id ||= `label-${name}`;
  const undo = new Y.UndoManager(text);
  const note = document.createElement("p");
  note.className = "editor-note small";
  note.role = "status";
  const say = (said: string, bad = false) => {
    note.textContent = said;
    note.classList.toggle("is-bad", bad);
  };
  const view = new EditorView({
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        markdown,
        mentions(house.names),
        pictures(text, house.evidence, say),
        keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
        drawSelection(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          "aria-labelledby": label.id,
          "aria-describedby": field.getAttribute("aria-describedby") ?? "",
          spellcheck: "true",
          autocapitalize: "sentences",
        }),
        EditorState.changeFilter.of((change) => change.newDoc.length <= TEXT_MOST || change.annotation(ySyncAnnotation) !== undefined),
        yCollab(text, null, { undoManager: undo }),
        cursors(text, name, awareness),
      ],
    }),
  });
  const host = document.createElement("div");
  host.className = "editor";
  const bar = buttons(view, title);
  const choose = document.createElement("input");
  choose.type = "file";
  choose.accept = ACCEPTED;
  choose.multiple = true;
  choose.hidden = true;
  choose.addEventListener("change", () => {
    void attach(view, text, house.evidence, [...(choose.files ?? [])], view.state.selection.main.from, say);
    choose.value = "";
  });
  const more: [string, string, () => void][] = [
    ["@", "Mention somebody (@)", () => mention("@")(view)],
    ["#", "Mention something of this incident (#)", () => mention("#")(view)],
    ["Picture", "Attach a picture", () => choose.click()],
  ];
  for (const [sign, name, act] of more) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small button-quiet";
    button.textContent = sign;
    button.ariaLabel = name;
    button.title = name;
    button.addEventListener("click", () => (view.focus(), act()));
    bar.append(button);
  }
  const beside = document.createElement("button");
  beside.type = "button";
  beside.className = "button button-small button-quiet editor-comment";
  beside.textContent = "Comment";
  beside.title = "Comment on what is selected";
  beside.addEventListener("click", () => {
    const { from, to } = view.state.selection.main;
    comment(view.state.sliceDoc(from, to));
  });
  bar.append(beside);
  host.append(bar, view.dom, note, choose);
  field.before(host);
  field.hidden = true;
  label.removeAttribute("for");
  const focus = () => view.focus();
  label.addEventListener("click", focus);
  // What the server sends anew is older than what stands here.
  section.setAttribute("hx-morph-skip", "");

  // The field holds the same words: the form saves them, and the advice on language reads them.
  const mirror = (event?: Y.YTextEvent) => {
    field.value = text.toString();
    if (event?.transaction.local) field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  mirror();
  text.observe(mirror);
  return () => {
    text.unobserve(mirror);
    label.removeEventListener("click", focus);
    label.htmlFor = field.id;
    section.removeAttribute("hx-morph-skip");
    field.hidden = false;
    view.destroy();
    host.remove();
  };
}

function start(form: HTMLFormElement, address: string) {
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  awareness.setLocalState({});
  const url = new URL(`${address}?stored=true`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const line = new Line(url.href, doc, awareness, `allclear-kept:${form.dataset.person}:${address}`);
  const status = form.querySelector<HTMLElement>(".editor-status");
  const people = form.querySelector<HTMLElement>(".editor-people");
  const all = parts(form);
  const incident = address.replace(/\/postmortem\/live$/, "");
  const house = { names: new Names(`/api/v1${incident}/mentions`), evidence: `/api/v1${incident}/evidence` };
  let ends: (() => void)[] = [];

  const count = (number: number) => (number === 1 ? "1 change is" : `${number} changes are`);
  const says = () => {
    if (line.state === "connecting") return "";
    if (line.state === "refused") return `Not written together any more${line.why ? `: ${line.why}` : ""}. Your words stand in the form: save them there.`;
    if (line.state === "off") return line.kept ? `Offline: ${count(line.kept)} kept in this browser` : "Offline: what you write is kept in this browser";
    return line.kept ? "Saving…" : "Saved";
  };
  line.changed = () => {
    const said = says();
    if (status && status.textContent !== said) {
      // What happens all the time is not read aloud.
      status.ariaLive = line.state === "on" ? "off" : "polite";
      status.dataset.state = line.state;
      status.textContent = said;
    }
    if (line.state === "refused") stop();
  };
  const present = () => {
    const names = new Map<string, string>();
    for (const [client, { user, section }] of awareness.getStates() as Map<number, Presence>) {
      if (client === doc.clientID || !user) continue;
      const title = all.find((part) => part.name === section)?.label.textContent;
      names.set(user.person, title ? `${user.name} (${title})` : user.name);
    }
    const said = names.size ? `Also here: ${[...names.values()].join(", ")}` : "";
    if (people && people.textContent !== said) people.textContent = said;
  };
  awareness.on("change", present);
  line.ready = () => {
    const comment = async (name: string, quote: string) => {
      await line.stored(STORED_MS);
      const to = `${address.replace(/live$/, "sections/")}${name}`;
      location.href = `${to}${quote ? `?quote=${encodeURIComponent(quote)}` : ""}#comment`;
    };
    ends = all.map((part) => edit(part, doc.getText(part.name), awareness, house, (quote) => void comment(part.name, quote)));
    form.classList.add("is-shared");
    present();
  };

  // What was typed last is on disk before a form is sent that rests on it.
  let free = false;
  const hold = async (event: SubmitEvent) => {
    if (free || !line.kept || line.state !== "on") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await line.stored(STORED_MS);
    free = true;
    (event.target as HTMLFormElement).requestSubmit(event.submitter);
    free = false;
  };
  document.addEventListener("submit", hold, true);

  const stop = () => {
    line.end();
    house.names.end();
    awareness.destroy();
    document.removeEventListener("submit", hold, true);
    document.removeEventListener("htmx:after:swap", look);
    form.classList.remove("is-shared");
    for (const end of ends) end();
    ends = [];
    if (people) people.textContent = "";
  };
  // It is published, or somebody went to another page.
  const look = () => {
    if (!form.isConnected) stop();
  };
  document.addEventListener("htmx:after:swap", look);
}

export function startEditor(form: HTMLFormElement) {
  const address = form.dataset.line;
  if (address && "WebSocket" in window) start(form, address);
}
