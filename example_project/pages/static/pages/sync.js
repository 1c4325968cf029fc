// Asks the package's REST endpoint for a sync, follows the run, and moves the bar. Without this file the button is a
// plain form and the page reloads itself while a sync is under way.

const POLL_EVERY = 400; // ms
const form = document.querySelector("#sync");
const announcement = document.querySelector("#announcement");
let following = false;

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (following) return;
  const answer = await fetch(form.dataset.endpoint, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  }).catch(() => null);
  if (answer?.status === 202) {
    await refresh();
    follow(answer.headers.get("Location"));
  } else if (answer?.status === 429) {
    say(`That was asked a moment ago. Please try again in ${answer.headers.get("Retry-After") ?? 60} seconds.`);
  } else {
    const { detail } = (await answer?.json().catch(() => null)) ?? {};
    say(detail ?? "This site does not answer right now. Please try again.");
  }
});

const live = document.querySelector("#run")?.dataset.live;
if (live) follow(live);

// Poll GET syncs/<id>/ until the run has ended. The words come from the server: a new status takes the page's parts
// from there, and between two of them only figures move.
async function follow(url) {
  if (following) return;
  following = true;
  form?.setAttribute("aria-busy", "true");
  for (;;) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    const run = answer?.ok ? await answer.json() : null;
    if (run) {
      if (run.status !== document.querySelector("#run-title")?.dataset.status) await refresh();
      if (run.finished_at) break;
      move(run);
    } else if (answer && answer.status < 500) {
      break; // signed out, or the run is gone
    }
    await new Promise((resolve) => setTimeout(resolve, run?.status === "waiting" ? 5000 : POLL_EVERY));
  }
  form?.removeAttribute("aria-busy");
  following = false;
}

function move(run) {
  const part = document.querySelector("#run");
  const bar = part.querySelector("progress");
  if (bar && run.total) {
    bar.max = run.total;
    bar.value = run.done;
  }
  for (const figure of part.querySelectorAll("[data-figure]")) {
    figure.textContent = run[figure.dataset.figure]?.toLocaleString("en") ?? "?";
  }
  const title = part.querySelector("#run-title");
  if (run.total !== null && run.done >= run.total) title.textContent = title.dataset.writing;
}

// Take over the parts of the page that a sync changes, and tell those who listen.
async function refresh() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
  announcement.textContent = document.querySelector("#run-title")?.textContent.trim() ?? "";
}

function say(text) {
  const notice = document.createElement("p");
  notice.className = "run-title ended-failed";
  notice.textContent = text;
  document.querySelector("#run").replaceChildren(notice);
  announcement.textContent = text;
}
