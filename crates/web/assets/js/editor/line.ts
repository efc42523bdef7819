// The line between a shared text and the server: y-sync over a WebSocket. What was changed here is counted until the server says
// that it is on disk; while the line is cut it stays in the page and in this browser's store, and goes when the line is back.
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";

export type State = "connecting" | "on" | "off" | "refused";

const SYNC = 0;
const AWARENESS = 1;
const WANTS = 0;
const ANSWERS = 1;
const BRINGS = 2;
/// Changes that come quickly one after another are sent together.
const TOGETHER_MS = 200;
const CURSOR_MS = 120;
/// The server says something every ten seconds. Silence means that the line is dead, whatever the browser thinks.
const SILENCE_MOST_MS = 25_000;
const WAIT_LEAST_MS = 500;
const WAIT_MOST_MS = 15_000;
/// What the server closes with when coming again would change nothing.
const POLICY = 1008;

export class Line {
  state: State = "connecting";
  /// What the server said of a change that it did not take.
  why = "";
  /// Called when the state or the number of changes that are not on disk is another.
  changed = () => {};
  /// Called once, when the text is as the server has it.
  ready = () => {};

  private socket?: WebSocket;
  private synced = false;
  private began = false;
  private over = false;
  /// Changes that were not sent, that were sent but are not on disk, and how often was sent on this line.
  private waiting: Uint8Array[] = [];
  private sent: { at: number; changes: Uint8Array[] }[] = [];
  private sends = 0;
  private timer?: number;
  private cursor?: number;
  private silence?: number;
  private again?: number;
  private wait = WAIT_LEAST_MS;
  private readonly own: string;
  private restored: string[] = [];

  constructor(
    private readonly url: string,
    private readonly doc: Y.Doc,
    readonly awareness: Awareness,
    private readonly place: string,
  ) {
    this.own = `${place}:${doc.clientID}`;
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === this) return;
      this.waiting.push(update);
      if (this.state !== "on") this.keep();
      this.timer ??= window.setTimeout(() => this.flush(), TOGETHER_MS);
      this.changed();
    });
    awareness.on("update", (_: unknown, origin: unknown) => {
      if (origin !== this) this.cursor ??= window.setTimeout(() => this.tell(), CURSOR_MS);
    });
    addEventListener("online", this.soon);
    addEventListener("offline", this.cut);
    addEventListener("pagehide", this.leave);
    this.open();
  }

  /// How many changes are not on the server's disk yet.
  get kept(): number {
    return this.waiting.length + this.sent.reduce((sum, one) => sum + one.changes.length, 0);
  }

  /// Comes to be when all is on disk; or after a while in any case.
  async stored(most: number): Promise<void> {
    this.flush();
    const end = Date.now() + most;
    while (this.kept && this.state === "on" && Date.now() < end) await new Promise((next) => setTimeout(next, 25));
  }

  end() {
    this.over = true;
    for (const timer of [this.timer, this.cursor, this.silence, this.again]) clearTimeout(timer);
    removeEventListener("online", this.soon);
    removeEventListener("offline", this.cut);
    removeEventListener("pagehide", this.leave);
    this.socket?.close();
  }

  private open() {
    clearTimeout(this.again);
    this.again = undefined;
    if (this.over || this.socket) return;
    const socket = (this.socket = new WebSocket(this.url));
    socket.binaryType = "arraybuffer";
    this.synced = false;
    this.sends = 0;
    this.listen();
    socket.onopen = () => {
      this.say((out) => {
        encoding.writeVarUint(out, SYNC);
        encoding.writeVarUint(out, WANTS);
        encoding.writeVarUint8Array(out, Y.encodeStateVector(this.doc));
      });
      if (this.awareness.getLocalState()) this.tell();
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.listen();
      if (typeof data === "string") this.told(data);
      else this.hear(new Uint8Array(data));
    };
    socket.onclose = ({ code }) => socket === this.socket && this.closed(code);
  }

  private listen() {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(this.cut, SILENCE_MOST_MS);
  }

  private readonly cut = () => {
    const socket = this.socket;
    if (!socket) return;
    this.closed(0);
    socket.close();
  };

  private readonly soon = () => {
    this.wait = WAIT_LEAST_MS;
    this.open();
  };

  private readonly leave = () => {
    this.flush();
    if (this.kept) this.keep();
  };

  private closed(code: number) {
    this.socket = undefined;
    clearTimeout(this.silence);
    // What was not said to be on disk is sent again, with all that comes until then.
    this.waiting = [...this.sent.flatMap((one) => one.changes), ...this.waiting];
    this.sent = [];
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.doc.clientID);
    removeAwarenessStates(this.awareness, others, this);
    if (code === POLICY || this.why) {
      this.forget();
      this.over = true;
      return this.enter("refused");
    }
    if (this.kept) this.keep();
    this.enter(this.began ? "off" : "connecting");
    if (this.over) return;
    this.again = window.setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, WAIT_MOST_MS);
  }

  private enter(state: State) {
    this.state = state;
    this.changed();
  }

  private say(write: (out: encoding.Encoder) => void) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const out = encoding.createEncoder();
    write(out);
    this.socket.send(encoding.toUint8Array(out) as Uint8Array<ArrayBuffer>);
  }

  private bring(kind: number, update: Uint8Array, changes: Uint8Array[]) {
    this.sent.push({ at: ++this.sends, changes });
    this.say((out) => {
      encoding.writeVarUint(out, SYNC);
      encoding.writeVarUint(out, kind);
      encoding.writeVarUint8Array(out, update);
    });
  }

  private flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.synced || !this.waiting.length || this.socket?.readyState !== WebSocket.OPEN) return;
    const changes = this.waiting;
    this.waiting = [];
    this.bring(BRINGS, Y.mergeUpdates(changes), changes);
  }

  private tell() {
    clearTimeout(this.cursor);
    this.cursor = undefined;
    const update = encodeAwarenessUpdate(this.awareness, [this.doc.clientID]);
    this.say((out) => {
      encoding.writeVarUint(out, AWARENESS);
      encoding.writeVarUint8Array(out, update);
    });
  }

  private hear(frame: Uint8Array) {
    const rest = decoding.createDecoder(frame);
    const type = decoding.readVarUint(rest);
    if (type === AWARENESS) return applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(rest), this);
    if (type !== SYNC) return;
    const kind = decoding.readVarUint(rest);
    const body = decoding.readVarUint8Array(rest);
    if (kind === ANSWERS || kind === BRINGS) Y.applyUpdate(this.doc, body, this);
    if (kind === WANTS) this.meet(body);
  }

  /// Both have told what they have: now each has all.
  private meet(vector: Uint8Array) {
    this.wait = WAIT_LEAST_MS;
    if (!this.began) {
      this.began = true;
      this.restore();
    }
    const changes = this.waiting;
    this.waiting = [];
    this.synced = true;
    if (changes.length) this.bring(ANSWERS, Y.encodeStateAsUpdate(this.doc, vector), changes);
    this.enter("on");
    this.ready();
    this.ready = () => {};
  }

  private told(text: string) {
    const { stored, refused } = JSON.parse(text) as { stored?: number; refused?: string };
    if (refused) this.why = refused;
    if (stored === undefined) return;
    this.sent = this.sent.filter((one) => one.at > stored);
    if (!this.kept) this.forget();
    this.changed();
  }

  // What is not on the server's disk outlives the page.

  private keep() {
    const changes = [...this.sent.flatMap((one) => one.changes), ...this.waiting];
    if (!changes.length) return;
    const bytes = Y.mergeUpdates(changes);
    try {
      localStorage.setItem(this.own, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
    } catch {
      // Without a store it lives as long as the page.
    }
  }

  private restore() {
    try {
      this.restored = Object.keys(localStorage).filter((key) => key.startsWith(`${this.place}:`) && key !== this.own);
      for (const key of this.restored) {
        const bytes = Uint8Array.from(atob(localStorage.getItem(key) ?? ""), (sign) => sign.charCodeAt(0));
        if (bytes.length) Y.applyUpdate(this.doc, bytes, "restored");
      }
    } catch {
      // What does not read is left where it is.
    }
  }

  private forget() {
    try {
      for (const key of [this.own, ...this.restored]) localStorage.removeItem(key);
    } catch {
      // There is none.
    }
    this.restored = [];
  }
}
