// The who-at scrubber: pressing or dragging on the strips asks who is on call at that instant. Without
// JavaScript the form beside it does the same.
import htmx from "htmx.org";

const MINUTES = 15;

export function startSchedule() {
  document.addEventListener("pointerdown", (down) => {
    const plot = (down.target as Element).closest?.<SVGSVGElement>("svg.chart-plot");
    const form = document.querySelector<HTMLFormElement>("form.who-at");
    if (!plot || !form || down.button !== 0) return;
    const [from, to] = [Number(plot.dataset.from), Number(plot.dataset.to)];
    const line = plot.querySelector<SVGLineElement>(".chart-at");
    if (!line || !(to > from)) return;

    const box = plot.getBoundingClientRect();
    const share = (x: number) => Math.min(Math.max((x - box.left) / box.width, 0), 1);
    let at = from;
    let moved = false;
    const draw = (x: number) => {
      const step = MINUTES * 60;
      at = Math.round((from + share(x) * (to - from)) / step) * step;
      const left = `${((at - from) / (to - from)) * 100}%`;
      line.setAttribute("x1", left);
      line.setAttribute("x2", left);
      line.removeAttribute("visibility");
    };
    const move = (event: PointerEvent) => {
      // On a touch screen a drag scrolls; only a tap asks.
      if (event.pointerType === "touch") moved ||= Math.abs(event.clientX - down.clientX) > 8;
      else draw(event.clientX);
    };
    const up = (event: PointerEvent) => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", up);
      document.removeEventListener("pointercancel", up);
      if (moved || event.type === "pointercancel") return;
      draw(event.clientX);
      // As an instant in UTC: the server answers it in both zones, whatever the clocks do that night.
      const where = new URL(location.href);
      where.searchParams.set("at", `${new Date(at * 1000).toISOString().slice(0, 16)}Z`);
      history.replaceState(history.state, "", where);
      void htmx.ajax("GET", where.pathname + where.search, {
        source: "#main",
        target: "#main",
        select: "#main",
        swap: "outerMorph",
      });
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", up);
    document.addEventListener("pointercancel", up);
  });
}
