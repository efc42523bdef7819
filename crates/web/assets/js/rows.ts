// Rows of a form grow: whoever fills in the last one gets another below it. Without scripts a button shows more.

export function startRows(): void {
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLElement)) return;
    const row = field.closest<HTMLElement>("[data-row-of]");
    const rows = row?.closest<HTMLElement>("[data-rows]");
    if (!row || !rows || rows.lastElementChild !== row || !isFilled(row)) return;
    rows.append(emptyCopy(row, rows.children.length + 1));
  });
}

function fields(row: HTMLElement): NodeListOf<HTMLInputElement | HTMLSelectElement> {
  return row.querySelectorAll("input, select");
}

function isFilled(row: HTMLElement): boolean {
  return [...fields(row)].some((field) => field.value !== "");
}

/** The same fields, empty, with names and labels of their own. */
function emptyCopy(row: HTMLElement, number: number): HTMLElement {
  const copy = row.cloneNode(true) as HTMLElement;
  for (const field of fields(copy)) {
    const label = copy.querySelector<HTMLLabelElement>(`label[for="${field.id}"]`);
    field.id = field.id.replace(/\d+$/, String(number));
    if (field instanceof HTMLSelectElement) field.selectedIndex = 0;
    else field.value = "";
    if (!label) continue;
    label.htmlFor = field.id;
    const text = label.firstChild;
    if (text) text.textContent = (text.textContent ?? "").replace(/\d+/, String(number));
  }
  return copy;
}
