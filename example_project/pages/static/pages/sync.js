// Asks the package's REST endpoint for a sync, follows the run, and moves the bar. Without this file the buttons are plain
// forms and the page reloads itself while a sync is under way.

const POLL_EVERY = 400; // ms
const announcement = document.querySelector("#announcement");
const account = document.querySelector("#account");

for (const shelf of document.querySelectorAll("[data-resource]")) {
  shelf.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!shelf.ariaBusy) ask(shelf, event.target);
  });
  const live = shelf.querySelector(".run data");
  if (live) follow(shelf, live.value);
}

async function ask(shelf, form) {
  shelf.ariaBusy = "true";
  const answer = await fetch(form.dataset.endpoint, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  }).catch(() => null);
  if (answer?.status === 202) {
    await refresh(shelf);
    return follow(shelf, answer.headers.get("Location"));
  }
  shelf.ariaBusy = null;
  if (answer?.status === 429) {
    say(shelf, `That was asked a moment ago. Please try again in ${answer.headers.get("Retry-After") ?? 60} seconds.`);
  } else {
    const { detail } = (await answer?.json().catch(() => null)) ?? {};
    say(shelf, detail ?? "This site does not answer right now. Please try again.");
  }
}

// Poll GET syncs/<id>/ until the run has ended. The words come from the server: a new status takes the page's parts
// from there, and between two of them only figures move.
async function follow(shelf, url) {
  shelf.ariaBusy = "true";
  for (;;) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    const run = answer?.ok ? await answer.json() : null;
    if (run) {
      // The page may be ahead of the answer, and is right then.
      if (run.status === shelf.querySelector(".run-title")?.dataset.status) move(shelf, run);
      else await refresh(shelf);
      if (run.finished_at) break;
    } else if (answer && answer.status < 500) {
      break; // signed out, or the run is gone
    }
    await new Promise((resolve) => setTimeout(resolve, run?.status === "waiting" ? 5000 : POLL_EVERY));
  }
  shelf.ariaBusy = null;
}

function move(shelf, run) {
  const bar = shelf.querySelector("progress");
  if (bar && run.total) {
    bar.max = run.total;
    bar.value = run.done;
  }
  for (const figure of shelf.querySelectorAll("[data-figure]")) {
    figure.textContent = run[figure.dataset.figure]?.toLocaleString("en") ?? "?";
  }
  const title = shelf.querySelector(".run-title");
  if (bar && run.total !== null && run.done >= run.total) title.textContent = title.dataset.writing;
}

// Take over the parts of the page that a sync changes, and tell those who listen.
async function refresh(shelf) {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.querySelector("#account")?.dataset.status !== account.dataset.status) {
    location.reload(); // Spotify's consent has ended: there is something else to do now
    return;
  }
  const { resource } = shelf.dataset;
  for (const part of document.querySelectorAll(`[data-part^="${resource}"], [data-part="library"]`)) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
  announcement.textContent = `${shelf.querySelector("h2").firstChild.textContent.trim()}: ${
    shelf.querySelector(".run-title")?.textContent.trim() ?? ""
  }`;
}

function say(shelf, text) {
  const notice = document.createElement("p");
  notice.className = "run-title ended-failed";
  notice.textContent = text;
  shelf.querySelector(".run").replaceChildren(notice);
  announcement.textContent = text;
}
