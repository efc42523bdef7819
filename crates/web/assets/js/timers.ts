// A topic of an agenda has minutes. Whoever leads may start them; what is left stands beside the title, quietly, and goes on when
// the page is loaded again. Nothing blinks or sounds, and nobody is cut off.

const often = 5000;

export function startTimers() {
  for (const planned of document.querySelectorAll<HTMLElement>("[data-minutes]")) {
    const topic = planned.closest("li");
    const body = topic?.querySelector("details > :not(summary)");
    if (!topic || !body) continue;
    const minutes = Number(planned.dataset.minutes);
    const key = `${location.pathname}#${topic.id}`;
    const plan = planned.textContent;

    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    const line = document.createElement("p");
    line.append(button);
    body.prepend(line);

    let timer = 0;
    const show = () => {
      const until = Number(sessionStorage.getItem(key));
      const left = Math.ceil((until - Date.now()) / 60_000);
      planned.classList.toggle("review-over", until > 0 && left < 0);
      planned.textContent = until ? words(left) : plan;
      button.textContent = until ? "Stop the time" : `Start ${minutes} min`;
      clearInterval(timer);
      if (until) timer = window.setInterval(show, often);
    };
    button.addEventListener("click", () => {
      if (sessionStorage.getItem(key)) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, String(Date.now() + minutes * 60_000));
      show();
    });
    show();
  }
}

export function words(left: number): string {
  if (left > 0) return `${left} min left`;
  return left === 0 ? "time is up" : `${-left} min over`;
}
