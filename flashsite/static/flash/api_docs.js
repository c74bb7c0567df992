// The API's page: sends the GET operations from the page itself. Without it the page still reads in full.
const keyField = document.getElementById("try-key");

function address(form) {
  let path = form.dataset.try;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[data-where]")) {
    if (field.dataset.where === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value.trim() || "TOKEN"));
    else if (field.value) query.set(field.name, field.value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function words(answer) {
  const kind = answer.headers.get("Content-Type") || "";
  if (!kind.includes("json")) {
    await answer.body?.cancel();
    return `${kind}, ${answer.headers.get("Content-Length") || "some"} bytes`;
  }
  const text = JSON.stringify(await answer.json(), null, 2);
  return text.length > 20000 ? `${text.slice(0, 20000)}\n…` : text;
}

async function send(form) {
  const shown = form.querySelector("[data-answer]");
  const key = keyField.value.trim();
  shown.hidden = false;
  shown.textContent = "…";
  try {
    const headers = key ? {Authorization: `Bearer ${key}`} : {};
    const answer = await fetch(address(form), {headers});
    shown.textContent = `${answer.status} ${answer.statusText}\n\n${await words(answer)}`;
  } catch (error) {
    shown.textContent = `There was no answer: ${error.message}`;
  }
}

document.querySelector("[data-try-key]").hidden = false;
for (const form of document.querySelectorAll("form[data-try]")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
