// The keyboard: one letter acts, `g` and a letter goes somewhere, j and k walk through lists. Elements say their
// key in data-key (acts here) or data-keys (`g a`, `?`); nothing fires while somebody types.
import { countSelected } from "./selection";
import { toggleExactTimes } from "./relative-time";
import type { Palette } from "./palette";

const rows = () => [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((row) => row.offsetParent);
const opener = (row?: HTMLElement) => row?.querySelector<HTMLElement>("[data-open]");
const currentRow = () => document.activeElement?.closest<HTMLElement>("[data-row]") ?? undefined;

function typing(target: EventTarget | null) {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

function move(step: number) {
  const all = rows();
  if (!all.length) return;
  const place = all.indexOf(currentRow()!);
  const next = all[place < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(place + step, 0), all.length - 1)];
  opener(next)?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function select() {
  const box = currentRow()?.querySelector<HTMLInputElement>("input[type=checkbox]");
  if (!box) return;
  box.checked = !box.checked;
  countSelected();
}

/// In a list, the act is for what is selected, or else for the current row.
function press(key: string) {
  const button = [...document.querySelectorAll<HTMLElement>(`[data-key="${key}"]`)].find(
    (each) => !each.matches(":disabled") && (each.offsetParent || each.closest("[data-acts]")),
  );
  if (!button) return false;
  if (button.closest("[data-acts]")) {
    const boxes = [...document.querySelectorAll<HTMLInputElement>(".alert-check input")];
    const box = currentRow()?.querySelector<HTMLInputElement>(".alert-check input");
    if (!boxes.some((each) => each.checked)) {
      if (!box) return false;
      box.checked = true;
      countSelected();
    }
  }
  if (button.matches("input, textarea")) button.focus();
  else button.click();
  if (button.matches("summary")) {
    button.parentElement!.querySelector<HTMLElement>(".menu-item, .menu-form :is(select, input)")?.focus();
  }
  return true;
}

function back() {
  const dialog = document.querySelector<HTMLDialogElement>("dialog[open]");
  if (dialog) return dialog.close();
  if (typing(document.activeElement)) return (document.activeElement as HTMLElement).blur();
  const chosen = document.querySelectorAll<HTMLInputElement>(".alert-check input:checked");
  if (chosen.length) {
    for (const box of chosen) box.checked = false;
    return countSelected();
  }
  const link = document.querySelector<HTMLAnchorElement>("[data-back]");
  if (!link) return;
  // Back to exactly where one was, scrolled and filtered, if that is where one came from.
  const from = document.referrer && new URL(document.referrer);
  if (from && from.origin === location.origin && from.pathname === link.pathname) history.back();
  else link.click();
}

export function startKeys(palette: Palette) {
  let prefix = "";
  let forget: ReturnType<typeof setTimeout> | undefined;

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette.open();
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return back();
    if (typing(event.target) || document.querySelector("dialog[open]")) return;

    const key = event.key;
    if (prefix) {
      const keys = `${prefix} ${key}`;
      const target = [...document.querySelectorAll<HTMLElement>("[data-keys]")].find((each) => each.dataset.keys === keys);
      prefix = "";
      clearTimeout(forget);
      if (target) {
        event.preventDefault();
        target.click();
        return;
      }
    }
    let done = true;
    if (key === "g") {
      prefix = "g";
      forget = setTimeout(() => (prefix = ""), 1500);
    } else if (key === "j" || (key === "ArrowDown" && currentRow())) move(1);
    else if (key === "k" || (key === "ArrowUp" && currentRow())) move(-1);
    else if (key === "x") select();
    else if (key === "t") toggleExactTimes();
    else if (key === "/") {
      const search = document.querySelector<HTMLInputElement>("[data-search]");
      search ? (search.focus(), search.select()) : palette.open();
    } else if (key === "?") (document.getElementById("help") as HTMLDialogElement | null)?.showModal();
    else if (/^[a-z]$/.test(key)) done = press(key);
    else done = false;
    if (done) event.preventDefault();
  });
}
