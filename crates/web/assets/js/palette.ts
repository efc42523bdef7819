// The palette: every command of the page that the server wrote down (data-command), and a search. It is filled
// when the page is, so it opens at once.

export interface Palette {
  open(): void;
}

interface Entry {
  title: string;
  kind: string;
  keys: string;
  run(): void;
}

function commands(): Entry[] {
  const seen = new Set<string>();
  return [...document.querySelectorAll<HTMLElement>("[data-command]")].flatMap((element) => {
    const title = element.dataset.command!;
    if (seen.has(title)) return [];
    seen.add(title);
    return { title, kind: "", keys: element.dataset.keys ?? element.dataset.key ?? "", run: () => element.click() };
  });
}

/// Every letter that was typed must come, in that order; beginnings of words count more.
export function rank(title: string, typed: string): number {
  const text = title.toLowerCase();
  const at = text.indexOf(typed);
  if (at === 0) return 4;
  if (at > 0) return text[at - 1] === " " ? 3 : 2;
  let from = 0;
  for (const letter of typed) {
    from = text.indexOf(letter, from) + 1;
    if (!from) return 0;
  }
  return 1;
}

export function startPalette(): Palette {
  const dialog = document.getElementById("palette") as HTMLDialogElement | null;
  const input = dialog?.querySelector("input");
  const list = dialog?.querySelector<HTMLElement>(".palette-list");
  if (!dialog || !input || !list) return { open() {} };

  let shown: Entry[] = [];
  let place = 0;
  let search: AbortController | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;

  const mark = (next: number) => {
    place = next;
    [...list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === place));
      if (index === place) {
        input.setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      }
    });
  };

  const draw = (entries: Entry[]) => {
    shown = entries.slice(0, 40);
    list.replaceChildren(
      ...shown.map((entry, index) => {
        const item = document.createElement("li");
        item.id = `palette-${index}`;
        item.setAttribute("role", "option");
        item.append(entry.title);
        if (entry.kind) {
          const kind = document.createElement("span");
          kind.className = "palette-kind";
          kind.textContent = entry.kind;
          item.append(kind);
        }
        for (const key of entry.keys.split(" ").filter(Boolean)) {
          const hint = document.createElement("kbd");
          hint.textContent = key;
          item.append(hint);
        }
        item.addEventListener("pointermove", () => place !== index && mark(index));
        item.addEventListener("click", () => run(index));
        return item;
      }),
    );
    mark(0);
  };

  const run = (index: number) => {
    const entry = shown[index];
    if (!entry) return;
    dialog.close();
    entry.run();
  };

  const find = () => {
    const typed = input.value.trim().toLowerCase();
    search?.abort();
    clearTimeout(later);
    const own = commands()
      .map((entry) => ({ entry, score: typed ? rank(entry.title, typed) : 1 }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .map(({ entry }) => entry);
    const everything: Entry = {
      title: `Search for “${input.value.trim()}”`,
      kind: "",
      keys: "",
      run: () => location.assign(`/search?q=${encodeURIComponent(input.value.trim())}`),
    };
    draw(typed ? [...own, everything] : own);
    if (typed.length < 2) return;
    later = setTimeout(async () => {
      search = new AbortController();
      try {
        const answer = await fetch(`/search?q=${encodeURIComponent(typed)}`, { signal: search.signal });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = [...page.querySelectorAll<HTMLAnchorElement>("[data-found]")].map((link) => ({
          title: link.textContent!.trim(),
          kind: link.dataset.found!,
          keys: "",
          run: () => location.assign(link.getAttribute("href")!),
        }));
        if (found.length) draw([...own.slice(0, 5), ...found, everything]);
      } catch {
        // The commands are still there.
      }
    }, 120);
  };

  input.addEventListener("input", find);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) {
      event.preventDefault();
      mark((place + step + shown.length) % shown.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(place);
    }
  });

  const open = () => {
    if (dialog.open) return;
    input.value = "";
    find();
    dialog.showModal();
    input.focus();
  };
  document.addEventListener("pointerdown", (event) => {
    if (!(event.target as Element).closest?.("[data-palette]")) return;
    event.preventDefault();
    open();
  });
  return { open };
}
