// Advice on a text while somebody writes it: a list under a field that is marked data-language, after a pause. It never marks
// the text, never keeps it from being saved, and what was said to be kept stays away in this browser.

type Finding = { said: string; sentence: string; title: string; severity: string; why: string; ask: string };

const PAUSE_MS = 1200;
const KEPT = "language-kept";
const KEPT_MOST = 300;

const field = (target: EventTarget | null) =>
  target instanceof HTMLTextAreaElement && target.matches("[data-language]") ? target : undefined;

function kept(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(read) ? read.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

function keep(key: string) {
  try {
    localStorage.setItem(KEPT, JSON.stringify([...kept(), key].slice(-KEPT_MOST)));
  } catch {
    // Without a store it is shown again.
  }
}

const key = (one: Finding) => `${one.said}\n${one.sentence}`;

function element<K extends keyof HTMLElementTagNameMap>(name: K, of: string, text = "") {
  const made = document.createElement(name);
  if (of) made.className = of;
  made.textContent = text;
  return made;
}

function item(one: Finding, away: () => void): HTMLLIElement {
  const flag = one.severity === "flag";
  const line = element("li", flag ? "language-finding is-flag" : "language-finding");
  const head = element("p", "language-head");
  const mark = element("span", "language-mark");
  mark.ariaHidden = "true";
  const button = element("button", "button button-small button-quiet", "Keep");
  button.type = "button";
  button.ariaLabel = `Keep it as it is: ${one.said}`;
  button.addEventListener("click", () => (keep(key(one)), away()));
  head.append(mark, element("strong", "", one.title), element("span", "faint", flag ? "better said otherwise" : "worth a thought"), button);
  const quote = element("blockquote", "");
  const at = one.sentence.indexOf(one.said);
  if (at < 0) quote.textContent = one.sentence;
  else quote.append(one.sentence.slice(0, at), element("mark", "", one.said), one.sentence.slice(at + one.said.length));
  line.append(head, quote, element("p", "small soft", one.why), element("p", "small", one.ask));
  return line;
}

/// The place under a field: what the server made there, or a new one.
function place(own: HTMLTextAreaElement): HTMLElement {
  const there = document.querySelector<HTMLElement>(`[data-language-for="${CSS.escape(own.id)}"]`);
  if (there) return there;
  const made = element("section", "language");
  made.ariaLabel = "What was found in the text";
  made.dataset.languageFor = own.id;
  (own.closest(".field") ?? own).after(made);
  return made;
}

function show(own: HTMLTextAreaElement, all: Finding[]) {
  const away = kept();
  const open = all.filter((one) => !away.includes(key(one)));
  const where = place(own);
  if (!open.length) return where.replaceChildren();
  const list = element("ul", "language-list");
  for (const one of open) {
    list.append(
      item(one, () => {
        show(own, all);
        own.focus();
      }),
    );
  }
  where.replaceChildren(list);
}

const asked = new WeakMap<HTMLTextAreaElement, AbortController>();

async function look(own: HTMLTextAreaElement) {
  asked.get(own)?.abort();
  const stop = new AbortController();
  asked.set(own, stop);
  try {
    const answer = await fetch("/api/v1/language", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: own.value }),
      signal: stop.signal,
    });
    // Advice that is not there is not missed: writing goes on.
    if (!answer.ok) return;
    const { findings } = (await answer.json()) as { findings: Finding[] };
    if (!stop.signal.aborted && own.isConnected) show(own, findings);
  } catch {
    return;
  }
}

export function startLanguage() {
  const waits = new WeakMap<HTMLTextAreaElement, number>();
  document.addEventListener("input", (event) => {
    const own = field(event.target);
    if (!own) return;
    clearTimeout(waits.get(own));
    waits.set(own, window.setTimeout(() => void look(own), PAUSE_MS));
  });
}
