// What the pages do beyond plain HTML. Everything here may be missing: links, forms and menus work without it.
import "htmx.org";
import { startClipboard } from "./clipboard";
import { startComposer } from "./composer";
import { startKeys } from "./keys";
import { startLanguage } from "./language";
import { startLive } from "./live";
import { startMenus } from "./menus";
import { startPalette } from "./palette";
import { startRows } from "./rows";
import { startSchedule } from "./schedule";
import { startSelection } from "./selection";
import { startTimers } from "./timers";
import { startTimes } from "./relative-time";

document.documentElement.classList.add("js");

startTimes();
startMenus();
startClipboard();
startComposer();
startLanguage();
startSelection();
startRows();
const palette = startPalette();
startKeys(palette);
startSchedule();
startTimers();
startLive();

// The editor is large, and few pages have one.
const writing = document.querySelector<HTMLFormElement>("form[data-editor]");
if (writing) {
  const editor: Promise<{ startEditor(form: HTMLFormElement): void }> = import(writing.dataset.editor!);
  void editor.then((editor) => editor.startEditor(writing));
}

// The browser knows its own zone better than the server does.
const zone = document.querySelector<HTMLInputElement>("input[data-zone]");
if (zone && zone.value === zone.defaultValue) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;
}
