// Times: relative words that stay true, exact ones on hover, on focus and with the key `t`.

const units: [number, string, number][] = [
  [60, "s", 1],
  [3600, "min", 60],
  [172_800, "h", 3600],
  [1_814_400, "d", 86_400],
  [Infinity, "wk", 604_800],
];

export function relative(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const [, unit, length] = units.find(([below]) => size < below)!;
  const words = `${Math.floor(size / length)} ${unit}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/// The clock of the server, not of the phone: they may differ by minutes.
export const serverNow = () => Date.now() + skew;

let exact = false;

function tick() {
  const now = serverNow();
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-tip]")) {
    const plain = () => time.dataset.stays ?? relative((now - Date.parse(time.dateTime)) / 1000);
    const words = exact ? time.dataset.tip!.split(" · ")[0] : plain();
    if (time.textContent !== words) time.textContent = words;
  }
}

let skew = 0;

export function toggleExactTimes() {
  exact = !exact;
  tick();
}

export function startTimes() {
  const made = Number(document.documentElement.dataset.now);
  if (made) {
    const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const age = entry ? performance.now() - entry.responseStart : 0;
    skew = made - (Date.now() - age);
    if (Math.abs(skew) < 5000) skew = 0;
  }
  setInterval(tick, 10_000);
  document.addEventListener("htmx:after:swap", tick);

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);

  const show = (target: HTMLElement) => {
    tip.textContent = target.dataset.tip!.replaceAll(" · ", "\n");
    tip.hidden = false;
    const at = target.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - size.width / 2), innerWidth - size.width - 8);
    const above = at.top - size.height - 6;
    tip.style.translate = `${left}px ${above > 4 ? above : at.bottom + 6}px`;
  };
  const hide = () => (tip.hidden = true);
  const find = (event: Event) => (event.target as Element).closest?.<HTMLElement>("[data-tip]");
  document.addEventListener("pointerover", (event) => {
    const target = find(event);
    target ? show(target) : hide();
  });
  // In lists the link of the row lies over everything: look beneath it.
  let looking = false;
  document.addEventListener(
    "pointermove",
    (event) => {
      if (looking || event.pointerType === "touch" || !(event.target as Element).closest?.("[data-row]")) return;
      looking = true;
      requestAnimationFrame(() => {
        looking = false;
        const beneath = document.elementsFromPoint(event.clientX, event.clientY);
        const target = beneath.find((each) => each.matches("[data-tip]")) as HTMLElement | undefined;
        if (target) show(target);
        else if (!tip.hidden) hide();
      });
    },
    { passive: true },
  );
  document.addEventListener("focusin", (event) => {
    const target = find(event) ?? (event.target as Element).querySelector?.<HTMLElement>(":scope > time[data-tip]");
    target ? show(target) : hide();
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
