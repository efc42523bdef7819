// A button with data-copy="ID" copies the text of that element and says so.

export function startClipboard() {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    const text = button && document.getElementById(button.dataset.copy!)?.textContent;
    if (!button || !text) return;
    const label = button.querySelector(".copy-word") ?? button;
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(text.trim());
      label.textContent = "Copied";
    } catch {
      // No secure context: select it, so that one key copies it.
      getSelection()?.selectAllChildren(document.getElementById(button.dataset.copy!)!);
      label.textContent = "Press Ctrl C";
    }
    setTimeout(() => (label.textContent = before), 2000);
  });
}
