// Keeps the page true while it is open. One stream of what happens, shared by all tabs of the browser; a page
// that is concerned fetches itself again and takes over the differences.
//
// The server sends the event `changed` with `{"kinds": ["page.acknowledged"], "subjects": ["pag_…", "alr_…"]}` and
// an id. A page says what concerns it in `<main data-live="alert page alr_…">`: a kind's first word (in the
// singular), or a subject.
import htmx from "htmx.org";

interface Change {
  kinds: string[];
  subjects: string[];
}

const SOON = 80;
const AT_MOST_EVERY = 900;
const words = { wait: "Connecting", on: "Live", off: "Reconnecting" };

export function startLive() {
  const sign = document.getElementById("live");
  const url = sign?.dataset.url;
  if (!sign || !url || !("EventSource" in window)) return;

  const show = (state: keyof typeof words) => {
    if (sign.dataset.state === state) return;
    sign.dataset.state = state;
    const word = sign.querySelector(".live-word");
    if (word) word.textContent = words[state];
    sign.title = state === "off" ? "The connection is lost. What you see may be out of date." : "";
  };

  const channel = "BroadcastChannel" in window ? new BroadcastChannel("allclear-live") : undefined;
  channel?.addEventListener("message", (message: MessageEvent) => {
    if (message.data.state) show(message.data.state);
    if (message.data.change) hear(message.data.change);
  });

  let missed = false;
  const open = () => {
    const source = new EventSource(url); // sends Last-Event-ID when it comes back
    const tell = (state: keyof typeof words) => {
      show(state);
      channel?.postMessage({ state });
    };
    source.onopen = () => {
      tell("on");
      if (missed) refreshSoon();
      missed = false;
    };
    source.onerror = () => {
      missed = true;
      tell("off");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000 + Math.random() * 4000);
    };
    source.addEventListener("changed", (message) => {
      const change = read(message.data);
      if (!change) return;
      hear(change);
      channel?.postMessage({ change });
    });
  };

  // One tab holds the stream; the next takes over when it is closed. (HTTP/1.1 allows six connections in all.)
  if (channel && navigator.locks) {
    navigator.locks.request("allclear-live", () => new Promise<void>(open)).catch(open);
    setTimeout(() => sign.dataset.state === "wait" && show("on"), 2000);
  } else {
    open();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && waiting) refreshSoon();
  });
}

function read(data: string): Change | undefined {
  try {
    const change = JSON.parse(data);
    return Array.isArray(change.kinds) && Array.isArray(change.subjects) ? change : undefined;
  } catch {
    return undefined;
  }
}

function hear(change: Change) {
  const concerns = document.getElementById("main")?.dataset.live?.split(" ") ?? [];
  const topics = change.kinds.map((kind) => kind.split(".")[0].replace(/s$/, ""));
  if ([...topics, ...change.subjects].some((each) => concerns.includes(each))) refreshSoon();
}

let waiting = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let last = 0;

function refreshSoon() {
  waiting = true;
  if (timer || document.visibilityState === "hidden") return;
  timer = setTimeout(refresh, Math.max(SOON, last + AT_MOST_EVERY - Date.now()));
}

async function refresh() {
  timer = undefined;
  // Not under somebody's hands: an open menu, a dialog or a text half written comes first.
  const busy = document.querySelector("main details.menu[open], dialog[open], main textarea:focus");
  if (busy) {
    timer = setTimeout(refresh, AT_MOST_EVERY);
    return;
  }
  waiting = false;
  last = Date.now();
  const toast = document.getElementById("toasts");
  const kept = toast?.innerHTML;
  try {
    await htmx.ajax("GET", location.pathname + location.search, {
      source: "#live",
      target: "#main",
      select: "#main",
      swap: "outerMorph",
      selectOOB: "#notices:outerHTML,#rail-alerts:outerHTML",
    });
    const now = document.getElementById("toasts");
    if (kept && now && !now.innerHTML.trim()) now.innerHTML = kept;
  } catch {
    waiting = true;
  }
}
