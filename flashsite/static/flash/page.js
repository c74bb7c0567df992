// On every page: copying, times that go on, tabs, sizes. Everything here has a form that works without it.
window.flash = window.flash || {};
(() => {
  "use strict";

  flash.size = (bytes) => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB`
    : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];

  function words(seconds) {
    if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
    const first = units.findIndex(([, size]) => seconds >= size);
    const [name, size] = units[first];
    const [lower, part] = units[first + 1];
    const count = Math.floor(seconds / size);
    const rest = Math.floor((seconds % size) / part);
    const head = name === "day" ? `${count} day${count === 1 ? "" : "s"}` : `${count} ${name}`;
    return rest && count < 5 ? `${head} ${rest} ${lower}` : head;
  }

  function tick() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-countdown]")) {
      const left = (Date.parse(time.dateTime) - now) / 1000;
      const text = left > 0 ? words(left) : "a moment: it is over";
      if (time.textContent !== text) time.textContent = text;
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const gone = (now - Date.parse(time.dateTime)) / 1000;
      const text = gone < 60 ? "just now" : `${words(gone)} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  }

  function localTimes() {
    for (const time of document.querySelectorAll("time[data-local]")) {
      time.textContent = new Date(time.dateTime).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
    }
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (!document.execCommand("copy")) return;
    }
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1600);
  }

  function tabs(list) {
    const all = [...list.querySelectorAll("[role=tab]")];
    const choose = (tab, focus) => {
      for (const other of all) {
        const on = other === tab;
        other.setAttribute("aria-selected", on);
        other.tabIndex = on ? 0 : -1;
        const pane = document.getElementById(other.getAttribute("aria-controls"));
        pane.setAttribute("role", "tabpanel");
        pane.setAttribute("aria-labelledby", other.id);
        pane.hidden = !on;
      }
      if (focus) tab.focus();
    };
    list.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) choose(tab);
    });
    list.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (!step) return;
      const at = all.indexOf(document.activeElement);
      choose(all[(at + step + all.length) % all.length], true);
    });
    list.addEventListener("choose", (event) => choose(document.getElementById(event.detail)));
    list.hidden = false;
    const filled = all.find((tab) => document.querySelector(`#${tab.getAttribute("aria-controls")} textarea`)?.value);
    choose(filled || all[0]);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const list of document.querySelectorAll("[role=tablist]")) tabs(list);
  localTimes();
  tick();
  setInterval(tick, 1000);
})();
