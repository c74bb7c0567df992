// Sends a form with progress, and goes to the page that the server names.
import {refuse} from "./problem.js";
import * as progress from "./progress.js";

let leaving = false;

export const isLeaving = () => leaving;

export function leaveFor(url) {
  leaving = true;
  location.assign(url);
}

function finish(request, refused) {
  let answer = null;
  try { answer = JSON.parse(request.responseText); } catch { /* a page, not JSON: the words below do */ }
  if (request.status === 201 && answer?.url) {
    leaveFor(answer.url);
    return;
  }
  progress.end();
  if (answer?.detail) refused(answer);
  else if (request.status === 403) refuse("This page is too old", "Reload it and try again; you may have to enter what you typed again.");
  else refuse("The upload did not work", `The server answered with ${request.status}. Try again in a moment.`);
}

// `data`: FormData of about so many `bytes`; `refused(problem)` gets what the server does not take.
export function post(data, bytes, refused) {
  const request = new XMLHttpRequest();
  request.open("POST", location.pathname);
  request.setRequestHeader("Accept", "application/json");
  progress.begin("Uploading", () => request.abort());
  const drawn = progress.meter(bytes);
  request.upload.onprogress = (event) => drawn.reach(Math.min(event.loaded, bytes));
  request.upload.onload = progress.checking;
  request.onload = () => finish(request, refused);
  request.onerror = () => {
    progress.end();
    refuse("The connection was lost", "Nothing was stored. Check the network and try again.");
  };
  request.onabort = progress.end;
  request.send(data);
}

addEventListener("pageshow", () => { leaving = false; });
