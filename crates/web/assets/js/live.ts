// Keeps the page true while it is open. One stream of what happens, shared by all tabs of the browser; a page
// that is concerned fetches itself again and takes over the differences.
//
// The server sends the event `changed` with `{"kinds": ["page.acknowledged"], "subjects": ["pag_…", "alr_…"]}` and
// an id: how far the journal goes. The page knows how far it went when it was made (data-seen), so nothing between then
// and the first event is missed. A page says what concerns it in `<main data-live="alert page alr_…">`: a kind's first word (in the
// singular), or a subject; and with `data-stale` when it changes by itself: at a hand-off.
import htmx from "htmx.org";
import { keepTyped } from "./typed";
import { serverNow } from "./relative-time";

interface Change {
  kinds: string[];
  subjects: string[];
}

const SOON = 80;
const AT_MOST_EVERY = 900;
/// The server says something at least every 15 seconds. Silence means that the line is dead, whatever the browser thinks.
const SILENCE_MOST = 35_000;
const words = { wait: "Connecting", on: "Live", off: "Reconnecting", out: "Signed out" };
type State = keyof typeof words;

export function startLive() {
  const sign = document.getElementById("live");
  const url = sign?.dataset.url;
  if (!sign || !url || !("EventSource" in window)) return;

  const show = (state: State) => {
    if (sign.dataset.state === state) return;
    sign.dataset.state = state;
    const word = sign.querySelector(".live-word");
    if (word) word.textContent = words[state];
    sign.title =
      state === "off" ? "The connection is lost. What you see may be out of date." :
      state === "out" ? "Your session has ended. Load the page again to sign in." : "";
  };
  const state = () => sign.dataset.state as State;

  const channel = "BroadcastChannel" in window ? new BroadcastChannel("allclear-live") : undefined;
  let seen = Number(sign.dataset.seen) || 0;
  const note = (id: unknown) => (seen = Math.max(seen, Number(id) || 0));

  let source: EventSource | undefined;
  channel?.addEventListener("message", (message: MessageEvent) => {
    const { state: told, change, missed, ask, at } = message.data;
    if (source) {
      // This tab holds a stream of its own, and answers those that ask how it does.
      if (ask) channel.postMessage({ state: state(), at: seen });
      return;
    }
    if (told) show(told);
    if (change) hear(change);
    if (missed || (!change && at > seen)) refreshSoon();
    note(at);
  });

  let missed = false;
  let watch: ReturnType<typeof setTimeout> | undefined;
  const tell = (state: State) => {
    show(state);
    channel?.postMessage({ state });
  };
  const lost = () => {
    missed = true;
    tell("off");
  };
  const open = () => {
    clearTimeout(watch);
    source?.close();
    // It sends Last-Event-ID by itself when it comes back.
    const stream = (source = new EventSource(seen ? `${url}?after=${seen}` : url));
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => (lost(), open()), SILENCE_MOST);
      tell("on");
    };
    stream.onopen = () => {
      alive();
      if (missed) {
        refreshSoon();
        channel?.postMessage({ missed });
      }
      missed = false;
    };
    stream.onerror = async () => {
      clearTimeout(watch);
      lost();
      if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      const wait = 3000 + Math.random() * 4000;
      if (await signedOut(url)) tell("out");
      setTimeout(open, wait);
    };
    stream.addEventListener("beat", alive);
    stream.addEventListener("changed", (message) => {
      alive();
      note(message.lastEventId);
      const change = read(message.data);
      if (!change) return;
      hear(change);
      channel?.postMessage({ change, at: seen });
    });
  };

  // One tab holds the stream; the next takes over when it is closed. (HTTP/1.1 allows six connections in all.)
  if (channel && navigator.locks) {
    navigator.locks.request("allclear-live", () => new Promise<void>(() => source ?? open())).catch(open);
    setTimeout(() => source || channel.postMessage({ ask: true }), 300);
    // The tab that holds it may sleep: then it answers nobody, and this one opens its own.
    setTimeout(() => source || (state() === "wait" && open()), 3000);
  } else {
    open();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && waiting) refreshSoon();
  });
  atHandOff();
  document.addEventListener("htmx:after:swap", atHandOff);
}

let handOff: ReturnType<typeof setTimeout> | undefined;

/// Who is on call changes by the clock, and nobody tells of it.
function atHandOff() {
  clearTimeout(handOff);
  const stale = Number(document.getElementById("main")?.dataset.stale);
  const wait = stale - serverNow();
  if (stale && wait < 2 ** 31) handOff = setTimeout(refreshSoon, Math.max(wait, 5000) + 500);
}

/// A stream that is refused for good: because the session has ended?
async function signedOut(url: string): Promise<boolean> {
  const stop = new AbortController();
  try {
    const answer = await fetch(url, { signal: stop.signal, redirect: "manual" });
    return answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403;
  } catch {
    return false;
  } finally {
    stop.abort();
  }
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
  const busy = document.querySelector("main details.menu[open], dialog[open], main textarea:focus:not([data-writes])");
  if (busy) {
    timer = setTimeout(refresh, AT_MOST_EVERY);
    return;
  }
  waiting = false;
  last = Date.now();
  const toast = document.getElementById("toasts");
  const kept = toast?.innerHTML;
  const forget = keepTyped();
  try {
    await htmx.ajax("GET", location.pathname + location.search, {
      source: "#live",
      target: "#main",
      select: "#main",
      swap: "outerMorph",
      selectOOB: "#notices:outerHTML,#rail-alerts:outerHTML,#oncall:outerHTML",
    });
    const now = document.getElementById("toasts");
    if (kept && now && !now.innerHTML.trim()) now.innerHTML = kept;
  } catch {
    waiting = true;
  } finally {
    forget();
  }
}
