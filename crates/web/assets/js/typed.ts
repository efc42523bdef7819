// What somebody typed, chose or ticked and has not sent yet stays when the page takes over a newer version of itself.

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const controls = () => [...document.querySelectorAll<Control>("#main :is(input, textarea, select)")];
const ticks = (control: Control): control is HTMLInputElement =>
  control instanceof HTMLInputElement && /^(checkbox|radio)$/.test(control.type);

function touched(control: Control): boolean {
  if (control instanceof HTMLSelectElement) {
    const first = [...control.options].findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(first, 0);
  }
  if (ticks(control)) return control.checked !== control.defaultChecked;
  return control.type !== "hidden" && control.value !== control.defaultValue;
}

/// Which one it is, also after the swap: its form, its name, and which of those that are named so.
function names(all: Control[]): Map<Control, string> {
  const seen = new Map<string, number>();
  return new Map(
    all.map((control) => {
      const urgency = (control.form?.elements.namedItem("urgency") as HTMLInputElement | null)?.value ?? "";
      const name = [control.form?.getAttribute("action"), urgency, control.name, ticks(control) ? control.value : ""].join("\n");
      const nth = seen.get(name) ?? 0;
      seen.set(name, nth + 1);
      return [control, `${name}\n${nth}`];
    }),
  );
}

/// Keeps it through the swaps that follow, until the answer is called.
export function keepTyped(): () => void {
  let kept: { name: string; value: string; checked?: boolean }[] = [];
  const before = () => {
    const all = controls();
    const name = names(all);
    kept = all.filter(touched).map((control) => ({
      name: name.get(control)!,
      value: control.value,
      checked: ticks(control) ? control.checked : undefined,
    }));
  };
  const after = () => {
    if (!kept.length) return;
    const found = new Map([...names(controls())].map(([control, name]) => [name, control]));
    for (const { name, value, checked } of kept) {
      const control = found.get(name);
      if (!control) continue;
      if (ticks(control)) control.checked = checked!;
      else if (control.value !== value) control.value = value;
    }
  };
  document.addEventListener("htmx:before:swap", before);
  document.addEventListener("htmx:after:swap", after);
  return () => {
    document.removeEventListener("htmx:before:swap", before);
    document.removeEventListener("htmx:after:swap", after);
  };
}
