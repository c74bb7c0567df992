// Large files in pieces, over /api/v1/uploads/ (docs/api.md, "Large files"): a broken connection costs a piece, a closed
// tab nothing, when the same file is chosen again within a day.
const {uploads: UPLOADS, task: TASK} = document.querySelector("[data-upload]").dataset;
const AT_ONCE = 3, TRIES = 12, LONGEST_WAIT = 30, BLOCKED = 2;
const STOPPED = "stopped", NOT_HERE = "not here";

class Refused extends Error {
  constructor(problem) { super(problem.detail); this.problem = problem; }
}

// The server knows an upload by its token; this browser knows it by the file. Nothing else is kept here.
const known = {
  key: (file) => `flash-upload:${TASK}:${file.name}:${file.size}:${file.lastModified || 0}`,
  get(file) { try { return localStorage.getItem(this.key(file)); } catch { return null; } },
  set(file, token) { try { localStorage.setItem(this.key(file), token); } catch { /* private mode: no resuming later */ } },
  drop(file) { try { localStorage.removeItem(this.key(file)); } catch { /* as above */ } },
};

async function call(method, path, body, signal) {
  const answer = await fetch(UPLOADS + path, {
    method, signal, headers: {Accept: "application/json", ...(body ? {"Content-Type": "application/json"} : {})},
    body: body ? JSON.stringify(body) : undefined,
  });
  const told = await answer.json().catch(() => null);
  if (answer.ok) return told;
  // Trouble on the way passes; what Flash itself says in words does not.
  if (told?.detail && (answer.status < 500 || answer.status === 507 || told.code === "dev_mode" || told.code === "queue_full")) {
    const refused = new Refused(told);
    refused.status = answer.status;
    throw refused;
  }
  throw new Error(String(answer.status));
}

async function begin(file, run) {
  const token = known.get(file);
  if (token) {
    try { return await call("GET", `${token}/`, null, run.signal); } catch (error) { if (!(error instanceof Refused)) throw error; }
  }
  const announced = {name: file.name, size: file.size, task_type: TASK, direct: run.direct};
  const made = await call("POST", "", announced, run.signal);
  known.set(file, made.token);
  return made;
}

// One piece by XMLHttpRequest, for fetch tells no progress of what it sends.
function send(method, url, piece, headers, run, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => request.status >= 200 && request.status < 300 ? resolve(request) : reject(new Error(String(request.status)));
    request.onerror = () => reject(new Error("network"));
    request.onabort = () => reject(new Error(STOPPED));
    run.signal.addEventListener("abort", () => request.abort(), {once: true});
    request.send(piece);
  });
}

async function toServer(file, state, run) {
  while (state.offset < file.size) {
    const start = state.offset;
    const piece = file.slice(start, start + state.chunk_size, "");
    const headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": String(start)};
    const answer = await send("PATCH", `${UPLOADS}${state.token}/`, piece, headers, run, (loaded) => run.show(start + loaded));
    state.offset = Number(answer.getResponseHeader("Upload-Offset"));
    run.failures = 0;
  }
}

async function toBucket(file, state, run) {
  let done = state.offset;
  run.reached ||= done > 0;
  while (state.parts.length) {
    const loaded = new Map();
    const waiting = [...state.parts];
    const tell = () => run.show(done + [...loaded.values()].reduce((sum, part) => sum + part, 0));
    const work = async () => {
      for (let part = waiting.shift(); part; part = waiting.shift()) {
        const {number, offset, size, url} = part;
        await send("PUT", url, file.slice(offset, offset + size, ""), {}, run, (bytes) => { loaded.set(number, bytes); tell(); });
        run.reached = true;
        run.failures = 0;
      }
    };
    // What is on its way still arrives when another part breaks; nothing more is begun.
    const stopAll = (error) => { waiting.length = 0; throw error; };
    const ended = await Promise.allSettled(Array.from({length: AT_ONCE}, () => work().catch(stopAll)));
    const broken = ended.find((one) => one.status === "rejected");
    if (broken) {
      if (!run.reached) run.blocked++;
      throw broken.reason;
    }
    done += state.parts.reduce((sum, part) => sum + part.size, 0);
    Object.assign(state, await call("GET", `${state.token}/`, null, run.signal));
  }
}

// The server answers and the bucket never does: it lets no page in (CORS), or something between does not. A browser
// does not say which, so the pieces go to the server instead.
function leaveBucket(file, run) {
  forget(run.token);
  known.drop(file);
  Object.assign(run, {token: null, direct: false, blocked: 0});
}

function forget(token) { fetch(`${UPLOADS}${token}/`, {method: "DELETE", keepalive: true}).catch(() => {}); }

function wait(seconds, run) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    addEventListener("online", () => { clearTimeout(timer); resolve(); }, {once: true});
    run.signal.addEventListener("abort", () => { clearTimeout(timer); reject(new Error(STOPPED)); }, {once: true});
  });
}

async function attempt(file, run) {
  const state = await begin(file, run);
  run.token = state.token;
  if (state.dataset_token) return state.dataset_token;
  run.show(state.offset, state.offset);
  await (state.method === "parts" ? toBucket : toServer)(file, state, run);
  run.checking();
  return (await call("POST", `${state.token}/complete/`, {}, run.signal)).token;
}

async function throughTrouble(file, run) {
  for (;;) {
    try {
      return await attempt(file, run);
    } catch (error) {
      if (run.signal.aborted) throw new Error(STOPPED);
      // The server has forgotten it: from the beginning.
      if (error instanceof Refused && error.problem.code === "upload_not_found" && run.failures++ < TRIES) { known.drop(file); continue; }
      if (error instanceof Refused && error.problem.code !== "upload_incomplete") throw error;
      if (!run.token && (error.message === "404" || error.message === "405")) throw new Error(NOT_HERE);
      if (run.blocked >= BLOCKED) { leaveBucket(file, run); continue; }
      if (++run.failures > TRIES) throw error;
      const seconds = Math.min(LONGEST_WAIT, 2 ** (run.failures - 1));
      run.trouble(seconds);
      await wait(seconds, run);
    }
  }
}

// `file`: a File. Answers true when it has taken care of everything, false when the
// ordinary form must do it. `screen` shows progress and refusals.
export async function sendInPieces(file, screen) {
  const abort = new AbortController();
  const run = {failures: 0, token: null, direct: true, reached: false, blocked: 0, signal: abort.signal, ...screen};
  screen.begin(() => abort.abort());
  try {
    const token = await throughTrouble(file, run);
    known.drop(file);
    screen.done(token);
  } catch (error) {
    if (error.message === NOT_HERE) return false;
    if (error.message === STOPPED) {
      known.drop(file);
      if (run.token) forget(run.token);
      screen.stopped();
    } else if (error instanceof Refused) {
      if (run.token) known.drop(file);
      screen.refused(error.problem);
    } else {
      screen.broken();
    }
  }
  return true;
}
