// Mentions in a text: `@ana`, and the bare id of an alert, a change, an entry of a timeline. Beside each stands its name of now, as far
// as whoever writes may see it; and after `@` and `#` people and things are offered.
import { type CompletionContext, type CompletionResult, acceptCompletion, autocompletion, startCompletion } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import { EditorState, type Extension, StateEffect } from "@codemirror/state";
import { type Command, Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType, keymap } from "@codemirror/view";

interface Mention {
  mention: string;
  kind: string;
  title: string;
  state?: string;
  url: string;
}

const WRITTEN = /(?<![\p{L}\p{N}@_.\-/\\])(?:@[a-z0-9][a-z0-9_.-]{0,62}|(?:inc|alr|evt|cng|act|evd)_[0-9a-z]{16})(?![\p{L}\p{N}@_])/gu;
/// Where nothing is mentioned.
const NOT_HERE = /Code|URL|HTML|Comment/;
const ASKED_AT_ONCE = 80;
const TOGETHER_MS = 250;

const says = ({ title, state }: Mention) => (state ? `${title} · ${state}` : title);

async function ask(url: string, query: Record<string, string>): Promise<Mention[]> {
  const answer = await fetch(`${url}?${new URLSearchParams(query)}`, { headers: { accept: "application/json" } });
  return answer.ok ? ((await answer.json()) as { items: Mention[] }).items : [];
}

/// What is mentioned on this page, by its name of now.
export class Names {
  private readonly known = new Map<string, Mention | undefined>();
  private readonly wanted = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  readonly changed = new Set<() => void>();

  constructor(readonly url: string) {
    document.addEventListener("htmx:after:swap", this.again);
  }

  end() {
    clearTimeout(this.timer);
    document.removeEventListener("htmx:after:swap", this.again);
  }

  get(written: string): Mention | undefined {
    if (!this.known.has(written)) {
      this.wanted.add(written);
      this.soon();
    }
    return this.known.get(written);
  }

  /// Something of what the page tells of is otherwise now.
  private readonly again = () => {
    for (const written of this.known.keys()) this.wanted.add(written);
    if (this.wanted.size) this.soon();
  };

  private soon() {
    this.timer ??= setTimeout(() => void this.read(), TOGETHER_MS);
  }

  private async read() {
    const all = [...this.wanted].slice(0, ASKED_AT_ONCE);
    for (const written of all) this.wanted.delete(written);
    try {
      const found = new Map((await ask(this.url, { of: all.join(",") })).map((one) => [one.mention, one]));
      for (const written of all) this.known.set(written, found.get(written));
      this.listen(found);
      for (const tell of this.changed) tell();
    } catch {
      // Without a line they stay what they were; the next news asks again.
      for (const written of all) if (!this.known.has(written)) this.known.set(written, undefined);
    }
    this.timer = undefined;
    if (this.wanted.size) this.soon();
  }

  /// The page hears of what it mentions.
  private listen(found: Map<string, Mention>) {
    const main = document.getElementById("main");
    const topics = new Set(main?.dataset.live?.split(" "));
    for (const { kind } of found.values()) if (kind !== "person" && kind !== "evidence") topics.add(kind);
    if (main) main.dataset.live = [...topics].join(" ");
  }
}

const named = StateEffect.define<null>();

class Name extends WidgetType {
  constructor(private readonly text: string) {
    super();
  }

  eq(other: Name) {
    return other.text === this.text;
  }

  toDOM() {
    const name = document.createElement("span");
    name.className = "mention-name";
    name.textContent = this.text;
    return name;
  }

  ignoreEvent() {
    return false;
  }
}

const isCode = (state: EditorState, at: number) => {
  for (let node = syntaxTree(state).resolveInner(at, 1); ; node = node.parent) {
    if (NOT_HERE.test(node.name)) return true;
    if (!node.parent) return false;
  }
};

/// The address of a picture or a link is a mention, too, though it stands where addresses do.
const isMentioned = (state: EditorState, at: number, written: string) =>
  !isCode(state, at) || (written[0] !== "@" && syntaxTree(state).resolveInner(at, 1).name === "URL" && state.sliceDoc(at - 2, at) === "](");

function beside(names: Names): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      private readonly tell = () => queueMicrotask(() => names.changed.has(this.tell) && this.of.dispatch({ effects: named.of(null) }));

      constructor(readonly of: EditorView) {
        names.changed.add(this.tell);
        this.decorations = this.draw(of);
      }

      destroy() {
        names.changed.delete(this.tell);
      }

      update(update: ViewUpdate) {
        const told = update.transactions.some((one) => one.effects.some((each) => each.is(named)));
        const read = syntaxTree(update.startState) !== syntaxTree(update.state);
        if (told || read || update.docChanged || update.viewportChanged || update.selectionSet) this.decorations = this.draw(update.view);
      }

      private draw({ state, visibleRanges, hasFocus }: EditorView): DecorationSet {
        const marks = visibleRanges.flatMap(({ from, to }) => [...state.sliceDoc(from, to).matchAll(WRITTEN)].flatMap((found) => {
          const written = found[0].replace(/[.-]+$/, "");
          const [begin, end] = [from + found.index, from + found.index + written.length];
          // Whoever still writes it is not told what its beginning would be.
          const writes = hasFocus && state.selection.main.head > begin && state.selection.main.head <= end;
          const known = !writes && isMentioned(state, begin, written) ? names.get(written) : undefined;
          if (!known) return [];
          return [
            Decoration.mark({ class: "mention", attributes: { title: says(known) } }).range(begin, end),
            Decoration.widget({ widget: new Name(says(known)), side: 1 }).range(end),
          ];
        }));
        return Decoration.set(marks, true);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}

const PEOPLE = /(?<![\p{L}\p{N}@_.\-/\\])@[\p{L}\p{N}_.-]{0,30}$/u;
const THINGS = /(?<![^\s(["'*_])#(?:[^\s#][^#]{0,30})?$/u;

function offers(url: string) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    if (isCode(context.state, context.pos)) return null;
    const [person, thing] = [context.matchBefore(PEOPLE), context.matchBefore(THINGS)];
    const typed = person ?? thing;
    if (!typed && !context.explicit) return null;
    const from = typed?.from ?? context.pos;
    const text = typed?.text.slice(1) ?? "";
    let found: Mention[] = [];
    try {
      found = await ask(url, { offer: person ? "people" : "things", text });
    } catch {
      return null;
    }
    if (context.aborted) return null;
    const options = found.map((one) => ({
      label: one.title,
      detail: one.kind === "person" ? one.mention : (one.state ?? ""),
      type: one.kind,
      apply: `${one.mention} `,
    }));
    return { from, options, filter: false };
  };
}

/// Writes a sign, and offers what may come after it.
export const mention =
  (sign: string): Command =>
  (view) => {
    const { from, to } = view.state.selection.main;
    const before = view.state.sliceDoc(Math.max(0, from - 1), from);
    const insert = `${/^[\s(]?$/.test(before) ? "" : " "}${sign}`;
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: "input.type" });
    return startCompletion(view);
  };

export const mentions = (names: Names): Extension => [
  beside(names),
  autocompletion({ override: [offers(names.url)], icons: false, interactionDelay: 0, maxRenderedOptions: 20 }),
  keymap.of([{ key: "Tab", run: acceptCompletion }]),
  EditorState.phrases.of({ Completions: "What may be mentioned" }),
];
