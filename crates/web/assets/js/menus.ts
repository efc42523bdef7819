// Menus are <details>: they open by themselves. This closes them on a click elsewhere and on Esc, and lets the
// arrows walk through them. It also opens dialogs and dismisses toasts.

export function startMenus() {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
    const opener = target.closest<HTMLElement>("[data-opens]");
    if (opener) {
      opener.closest<HTMLDetailsElement>("details.menu")?.removeAttribute("open");
      (document.getElementById(opener.dataset.opens!) as HTMLDialogElement | null)?.showModal();
    }
    target.closest("[data-dismiss]")?.closest(".toast")?.remove();
    // A click beside a dialog closes it.
    if (target instanceof HTMLDialogElement && event.detail > 0) target.close();
  });

  document.addEventListener("keydown", (event) => {
    const menu = (event.target as Element).closest?.<HTMLDetailsElement>("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      menu.open = false;
      menu.querySelector("summary")?.focus();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if ((event.target as Element).matches("input, select, textarea")) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll<HTMLElement>(".menu-item, .menu-body a, .menu-form :is(select, button)")];
    const place = items.indexOf(document.activeElement as HTMLElement);
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(place + step + items.length) % items.length]?.focus();
  });

  // A toast goes by itself, unless somebody is about to press it.
  const fade = () => {
    for (const toast of document.querySelectorAll<HTMLElement>(".toast:not([data-fading])")) {
      toast.dataset.fading = "";
      const leave = () => {
        if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000);
        else toast.remove();
      };
      setTimeout(leave, 9000);
    }
  };
  fade();
  document.addEventListener("htmx:after:swap", fade);
}
