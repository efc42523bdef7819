// Markdown that looks like what it means while it is written: larger headings, bold words, quiet signs; and keys and buttons that
// write the signs. The text stays plain Markdown.
import { HighlightStyle, Language, defineLanguageFacet, languageDataProp, syntaxHighlighting } from "@codemirror/language";
import { EditorSelection, type Extension } from "@codemirror/state";
import { type Command, type EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { GFM, parser } from "@lezer/markdown";

const data = defineLanguageFacet();
const language = new Language(data, parser.configure([GFM, { props: [languageDataProp.add({ Document: data })] }]), [], "markdown");

const looks = HighlightStyle.define([
  { tag: tags.heading1, class: "md-heading md-heading-1" },
  { tag: tags.heading2, class: "md-heading md-heading-2" },
  { tag: [tags.heading3, tags.heading4, tags.heading5, tags.heading6], class: "md-heading" },
  { tag: tags.strong, class: "md-strong" },
  { tag: tags.emphasis, class: "md-emphasis" },
  { tag: tags.strikethrough, class: "md-struck" },
  { tag: tags.monospace, class: "md-code" },
  { tag: tags.quote, class: "md-quote" },
  { tag: [tags.link, tags.url], class: "md-link" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.meta], class: "md-sign" },
]);

/// Puts a sign on both sides of what is selected, or takes it away.
const around =
  (sign: string): Command =>
  (view) => {
    const done = view.state.changeByRange((range) => {
      const { doc } = view.state;
      const [before, after] = [doc.sliceString(range.from - sign.length, range.from), doc.sliceString(range.to, range.to + sign.length)];
      if (before === sign && after === sign) {
        return {
          changes: [{ from: range.from - sign.length, to: range.from }, { from: range.to, to: range.to + sign.length }],
          range: EditorSelection.range(range.anchor - sign.length, range.head - sign.length),
        };
      }
      return {
        changes: [{ from: range.from, insert: sign }, { from: range.to, insert: sign }],
        range: EditorSelection.range(range.anchor + sign.length, range.head + sign.length),
      };
    });
    view.dispatch(done, { scrollIntoView: true, userEvent: "input" });
    return true;
  };

/// Begins the lines that are selected with a sign, or takes it away.
const begin =
  (sign: string): Command =>
  (view) => {
    const { doc, selection } = view.state;
    const [first, last] = [doc.lineAt(selection.main.from).number, doc.lineAt(selection.main.to).number];
    const lines = Array.from({ length: last - first + 1 }, (_, at) => doc.line(first + at));
    const away = lines.every((line) => line.text.startsWith(sign));
    const changes = view.state.changes(lines.map((line) =>
      away ? { from: line.from, to: line.from + sign.length } : { from: line.from, insert: line.text.startsWith(sign) ? "" : sign },
    ));
    // Whoever stands at the begin of a line writes behind the sign.
    view.dispatch({ changes, selection: selection.map(changes, 1), scrollIntoView: true, userEvent: "input" });
    return true;
  };

const link: Command = (view) => {
  const { from, to } = view.state.selection.main;
  const said = view.state.sliceDoc(from, to);
  const address = /^https?:\/\/\S+$/.test(said);
  const insert = address ? `[](${said})` : `[${said}](https://)`;
  const head = address ? from + 1 : from + insert.length - 1;
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: head }, scrollIntoView: true, userEvent: "input" });
  return true;
};

/// The next line of a list begins as this one; an empty one ends it.
const next: Command = (view) => {
  const { doc, selection } = view.state;
  const { main } = selection;
  const line = doc.lineAt(main.head);
  const found = /^(\s*)([-*+]|(\d{1,6})([.)]))( (?:\[[ x]\] )?)/.exec(line.text);
  if (!main.empty || !found || main.head < line.from + found[0].length) return false;
  if (line.text.length === found[0].length) {
    view.dispatch({ changes: { from: line.from, to: line.to }, userEvent: "input" });
    return true;
  }
  const sign = found[3] ? `${Number(found[3]) + 1}${found[4]}` : found[2];
  const insert = `\n${found[1]}${sign}${found[5].replace("x", " ")}`;
  view.dispatch({ changes: { from: main.head, insert }, selection: { anchor: main.head + insert.length }, scrollIntoView: true, userEvent: "input" });
  return true;
};

export const acts: { sign: string; name: string; key?: string; act: Command }[] = [
  { sign: "B", name: "Bold", key: "Ctrl B", act: around("**") },
  { sign: "I", name: "Italic", key: "Ctrl I", act: around("_") },
  { sign: "H", name: "Heading", act: begin("### ") },
  { sign: "•", name: "List", act: begin("- ") },
  { sign: "❝", name: "Quotation", act: begin("> ") },
  { sign: "Link", name: "Link", key: "Ctrl K", act: link },
];

export const markdown: Extension = [
  language,
  syntaxHighlighting(looks),
  keymap.of([
    { key: "Mod-b", run: around("**") },
    { key: "Mod-i", run: around("_") },
    { key: "Mod-k", run: link },
    { key: "Enter", run: next },
  ]),
];

/// The buttons above a text.
export function buttons(view: EditorView, of: string): HTMLElement {
  const bar = document.createElement("div");
  bar.className = "editor-bar";
  bar.role = "group";
  bar.ariaLabel = `Form of the text of ${of}`;
  for (const { sign, name, key, act } of acts) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small button-quiet";
    button.textContent = sign;
    button.ariaLabel = name;
    button.title = key ? `${name} (${key})` : name;
    button.addEventListener("click", () => (act(view), view.focus()));
    bar.append(button);
  }
  return bar;
}
