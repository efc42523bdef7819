// Writing on the timeline of an incident: Ctrl and Enter send it; what was taken is gone from the field, what was
// refused stays there.

const field = () => document.querySelector<HTMLTextAreaElement>("textarea[data-writes]");

export function startComposer() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const target = event.target as HTMLElement;
    if (!target.matches?.("textarea[data-writes]")) return;
    event.preventDefault();
    (target as HTMLTextAreaElement).form?.requestSubmit();
  });

  let sent = "";
  document.addEventListener("submit", (event) => {
    const own = field();
    if (own && own.form === event.target) sent = own.value;
  });
  document.addEventListener("htmx:after:swap", () => {
    const own = field();
    if (!sent || !own) return;
    if (!document.getElementById("composer-error") && own.value === sent) own.form?.reset(), (own.value = "");
    sent = "";
  });
}
