// On the page of a model: samples behind a cell shown in place, the threshold moved by hand. Both work without it.
const here = document.querySelector("[data-examples-here]");
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-examples]");
  if (!link || !here || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, {headers: {"X-Part": "examples"}});
    if (!answer.ok) throw new Error(answer.status);
    here.innerHTML = await answer.text();
    for (const other of document.querySelectorAll("a[data-examples][aria-current]")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    here.focus({preventScroll: true});
    here.scrollIntoView({block: "nearest"});
  } catch {
    document.location.assign(link.href);
  }
});

function followSlide(form) {
  const rows = JSON.parse(document.getElementById("thresholds").textContent);
  const field = form.querySelector("[name=threshold]"), slide = form.querySelector("[data-slide]");
  const asked = document.getElementById("id_threshold");
  const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1).replace(/\.0$/, "")}\u00a0%`);

  function show(value) {
    const row = rows.reduce((best, other) => (Math.abs(other.threshold - value / 100) < Math.abs(best.threshold - value / 100) ? other : best));
    document.querySelector("[data-unsure]").textContent = percent(row.unsure);
    document.querySelector("[data-kept]").textContent = percent(row.accuracy);
    field.value = slide.value = value;
    if (asked) asked.value = value;
  }

  slide.hidden = false;
  form.querySelector("button").hidden = true;
  for (const input of [slide, field]) input.addEventListener("input", () => { if (input.value !== "") show(Math.min(99, Math.max(0, Number(input.value)))); });
  form.addEventListener("submit", (event) => event.preventDefault());
}

const thresholds = document.querySelector("[data-thresholds]");
if (thresholds) followSlide(thresholds);
