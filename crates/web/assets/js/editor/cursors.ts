// Where others are in a text: a mark at their place with their name on it, and what they selected.
import { type Extension, StateEffect } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";

export interface User {
  person: string;
  name: string;
  hue: number;
}

/// What each program says of itself; the name is the server's word.
export interface Presence {
  user?: User;
  section?: string;
  anchor?: unknown;
  head?: unknown;
}

const moved = StateEffect.define<null>();

class Caret extends WidgetType {
  constructor(private readonly user: User) {
    super();
  }

  eq(other: Caret) {
    return other.user.person === this.user.person && other.user.name === this.user.name;
  }

  toDOM() {
    const caret = document.createElement("span");
    caret.className = "other-caret";
    caret.classList.add(`hue-${this.user.hue}`);
    const name = document.createElement("span");
    name.className = `other-name hue-${this.user.hue}`;
    name.textContent = this.user.name;
    caret.append(name);
    // The names are told beside the text, too: not in the middle of a sentence that is read aloud.
    caret.ariaHidden = "true";
    return caret;
  }

  ignoreEvent() {
    return true;
  }
}

/// Tells where we are in this text, and shows where others are.
export function cursors(text: Y.Text, section: string, awareness: Awareness): Extension {
  const doc = text.doc!;
  const at = (place: unknown) => {
    if (!place) return undefined;
    const found = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(place), doc);
    return found?.type === text ? found.index : undefined;
  };

  const others = ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      private readonly heard = (_: unknown, origin: unknown) => {
        // Not in the midst of an update of our own.
        if (origin !== "local") queueMicrotask(() => view(this) && this.of.dispatch({ effects: moved.of(null) }));
      };

      constructor(readonly of: EditorView) {
        this.decorations = this.draw();
        awareness.on("change", this.heard);
      }

      destroy() {
        awareness.off("change", this.heard);
        gone.add(this);
      }

      update(update: ViewUpdate) {
        if (update.docChanged || update.transactions.some((one) => one.effects.some((each) => each.is(moved)))) {
          this.decorations = this.draw(update.view);
        }
        if (update.selectionSet || update.focusChanged || update.docChanged) this.say(update.view);
      }

      private say(of: EditorView) {
        const held = (awareness.getLocalState() ?? {}) as Presence;
        if (of.hasFocus) {
          const { anchor, head } = of.state.selection.main;
          const place = (index: number) => JSON.parse(JSON.stringify(Y.createRelativePositionFromTypeIndex(text, index)));
          awareness.setLocalState({ section, anchor: place(anchor), head: place(head) });
        } else if (held.section === section) {
          awareness.setLocalState({});
        }
      }

      private draw(of = this.of): DecorationSet {
        const places: { from: number; to: number; head: number; user: User }[] = [];
        for (const [client, state] of awareness.getStates() as Map<number, Presence>) {
          if (client === awareness.clientID || state.section !== section || !state.user) continue;
          const [anchor, head] = [at(state.anchor), at(state.head)];
          if (anchor === undefined || head === undefined) continue;
          const most = of.state.doc.length;
          const [from, to] = [Math.min(anchor, head, most), Math.min(Math.max(anchor, head), most)];
          places.push({ from, to, head: Math.min(head, most), user: state.user });
        }
        const marks = places.flatMap(({ from, to, head, user }) => [
          ...(from < to ? [{ from, to, mark: Decoration.mark({ class: `other-selection hue-${user.hue}` }) }] : []),
          { from: head, to: head, mark: Decoration.widget({ widget: new Caret(user), side: 1 }) },
        ]);
        return Decoration.set(marks.map(({ from, to, mark }) => mark.range(from, to)), true);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
  const gone = new WeakSet<object>();
  const view = (plugin: object) => !gone.has(plugin);
  return others;
}
