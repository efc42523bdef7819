// On the public page: says so when whoever writes it has fallen silent, and shows what is new. Nothing needs it.
const silent = document.getElementById("silent");
const { asOf, changed } = document.documentElement.dataset;
const every = 60_000;
const patience = 3 * every;
let last = Date.parse(asOf ?? "");

const utc = (at: number) =>
  new Date(at).toLocaleString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

async function look() {
  try {
    const answer = await fetch("/status/heartbeat.json", { cache: "no-store" });
    if (answer.ok) {
      const beat = (await answer.json()) as { at: string; changed: string };
      last = Math.max(Number.isNaN(last) ? 0 : last, Date.parse(beat.at));
      // There is something to read that this page does not have yet.
      const known = changed === undefined || beat.changed === changed;
      if (!known && document.querySelector("form") === null && sessionStorage.getItem("shown") !== beat.changed) {
        sessionStorage.setItem("shown", beat.changed);
        location.reload();
      }
    }
  } catch {
    // Whoever serves this is away: what was heard last counts.
  }
  if (silent === null || Number.isNaN(last)) return;
  const lost = Date.now() - last > patience;
  if (lost) silent.textContent = `Publisher silent since ${utc(last)} UTC. What is shown here may no longer be so.`;
  silent.hidden = !lost;
}

void look();
setInterval(() => void look(), every);
