// Selecting rows: all at once, a range with Shift, and how many there are.

const boxes = () => [...document.querySelectorAll<HTMLInputElement>(".alert-check input")];

export function countSelected() {
  const all = boxes();
  const chosen = all.filter((box) => box.checked).length;
  const count = document.querySelector("[data-count]");
  if (count) count.textContent = `${chosen} selected`;
  const every = document.querySelector<HTMLInputElement>("[data-select-all]");
  if (every) {
    every.checked = chosen > 0 && chosen === all.length;
    every.indeterminate = chosen > 0 && chosen < all.length;
  }
}

export function startSelection() {
  let anchor: HTMLInputElement | undefined;
  document.addEventListener("click", (event) => {
    const box = event.target as HTMLInputElement;
    if (!box.matches?.(".alert-check input")) return;
    const all = boxes();
    if (event.shiftKey && anchor && all.includes(anchor)) {
      const [from, to] = [all.indexOf(anchor), all.indexOf(box)].sort((a, b) => a - b);
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    anchor = box;
  });
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (box.matches?.("[data-select-all]")) for (const each of boxes()) each.checked = box.checked;
    if (box.matches?.("[data-select-all], .alert-check input")) countSelected();
  });
  document.addEventListener("htmx:after:swap", countSelected);
  countSelected();
}
