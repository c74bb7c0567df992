// Tabs over panes that a page without JavaScript shows one below the other.
function choose(tab) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const on = other === tab;
    other.setAttribute("aria-selected", on);
    other.tabIndex = on ? 0 : -1;
    const pane = document.getElementById(other.getAttribute("aria-controls"));
    pane.setAttribute("role", "tabpanel");
    pane.setAttribute("aria-labelledby", other.id);
    pane.hidden = !on;
  }
}

// Brings the pane that holds `element` to the front.
export function reveal(element) {
  const pane = element.closest("[role=tabpanel]");
  if (pane) choose(document.getElementById(pane.getAttribute("aria-labelledby")));
}

export function setUp(list) {
  const all = [...list.querySelectorAll("[role=tab]")];
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    choose(next);
    next.focus();
  });
  list.hidden = false;
  const filled = all.find((tab) => document.querySelector(`#${tab.getAttribute("aria-controls")} textarea`)?.value);
  choose(filled || all[0]);
}
