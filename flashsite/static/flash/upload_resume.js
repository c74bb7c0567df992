// Large files in pieces, over /api/v1/uploads/ (docs/api.md, "Large files"): a broken connection costs a piece, a closed
// tab nothing, when the same file is chosen again within a day.
window.flash = window.flash || {};
(() => {
  "use strict";

  const area = document.querySelector("[data-upload]");
  if (!area || !area.dataset.uploads) return;
  const UPLOADS = area.dataset.uploads, TASK = area.dataset.task;
  const AT_ONCE = 3, TRIES = 12, LONGEST_WAIT = 30;
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
    const made = await call("POST", "", {name: file.name || "pictures.zip", size: file.size, task_type: TASK}, run.signal);
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
    while (state.parts.length) {
      const loaded = new Map();
      const waiting = [...state.parts];
      const tell = () => run.show(done + [...loaded.values()].reduce((sum, part) => sum + part, 0));
      const work = async () => {
        for (let part = waiting.shift(); part; part = waiting.shift()) {
          const piece = file.slice(part.offset, part.offset + part.size, "");
          const number = part.number;
          await send("PUT", part.url, piece, {}, run, (bytes) => { loaded.set(number, bytes); tell(); });
          run.failures = 0;
        }
      };
      await Promise.all(Array.from({length: AT_ONCE}, work));
      done += state.parts.reduce((sum, part) => sum + part.size, 0);
      Object.assign(state, await call("GET", `${state.token}/`, null, run.signal));
    }
  }

  function wait(seconds, run) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, 1000 * seconds);
      addEventListener("online", () => { clearTimeout(timer); resolve(); }, {once: true});
      run.signal.addEventListener("abort", () => { clearTimeout(timer); reject(new Error(STOPPED)); }, {once: true});
    });
  }

  async function attempt(file, options, run) {
    const state = await begin(file, run);
    run.token = state.token;
    if (state.dataset_token) return state.dataset_token;
    run.show(state.offset, state.offset);
    await (state.method === "parts" ? toBucket : toServer)(file, state, run);
    run.checking();
    return (await call("POST", `${state.token}/complete/`, options, run.signal)).token;
  }

  async function throughTrouble(file, options, run) {
    for (;;) {
      try {
        return await attempt(file, options, run);
      } catch (error) {
        if (run.signal.aborted) throw new Error(STOPPED);
        // The server has forgotten it: from the beginning.
        if (error instanceof Refused && error.problem.code === "upload_not_found" && run.failures++ < TRIES) { known.drop(file); continue; }
        if (error instanceof Refused && error.problem.code !== "upload_incomplete") throw error;
        if (!run.token && (error.message === "404" || error.message === "405")) throw new Error(NOT_HERE);
        if (++run.failures > TRIES) throw error;
        const seconds = Math.min(LONGEST_WAIT, 2 ** (run.failures - 1));
        run.trouble(seconds);
        await wait(seconds, run);
      }
    }
  }

  // `file`: a Blob. `options`: columns of a table. Answers true when it has taken care of everything, false when the
  // ordinary form must do it. `screen` shows progress and refusals.
  flash.resume = async (file, options, screen) => {
    const abort = new AbortController();
    const run = {failures: 0, token: null, signal: abort.signal, ...screen};
    screen.begin(() => abort.abort());
    try {
      const token = await throughTrouble(file, options, run);
      known.drop(file);
      screen.done(area.dataset.dataset.replace("TOKEN", token));
    } catch (error) {
      if (error.message === NOT_HERE) return false;
      if (error.message === STOPPED) {
        known.drop(file);
        if (run.token) fetch(`${UPLOADS}${run.token}/`, {method: "DELETE", keepalive: true}).catch(() => {});
        screen.stopped();
      } else if (error instanceof Refused) {
        if (run.token) known.drop(file);
        screen.refused(error.problem);
      } else {
        screen.broken();
      }
    }
    return true;
  };
})();
