// What HTML does not do by itself.

// A menu closes when one clicks beside it, goes on by keyboard, or presses Escape.

const menus = [...document.querySelectorAll("details.menu, details.more")];

for (const left of ["click", "focusin"]) {
  document.addEventListener(left, (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
}
document.addEventListener("keydown", (event) => {
  const open = menus.find((menu) => menu.open);
  if (event.key === "Escape" && open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// Times are of the visitor's own zone. Without script they stand in UTC, and say so.

const { lang } = document.documentElement;
const days = new Intl.DateTimeFormat(lang, {
  day: "numeric",
  month: lang === "ru" ? "long" : "short",
  year: "numeric",
});
const hours = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function day(moment) {
  const parts = Object.fromEntries(days.formatToParts(moment).map((part) => [part.type, part.value]));
  return `${parts.day}\u00a0${parts.month} ${parts.year}`;
}

function tellLocalTime() {
  for (const time of document.querySelectorAll("time[data-time], .added time")) {
    const moment = new Date(time.dateTime);
    const said = "time" in time.dataset ? `${day(moment)}, ${hours.format(moment)}` : day(moment);
    if (time.textContent !== said) time.textContent = said;
  }
}
tellLocalTime();
document.addEventListener("htmx:after:swap", tellLocalTime);

// When the site is out of reach it is said so, and asked less and less often.

const touch = document.querySelector("#touch");
const LONGEST = 30_000; // milliseconds between two attempts
let failures = 0;
let silentUntil = 0;

function tellTouch() {
  const said = navigator.onLine ? (failures ? touch.dataset.failing : "") : touch.dataset.offline;
  if (touch.textContent !== said) touch.textContent = said;
}

function tried(hasWorked) {
  if (!hasWorked && Date.now() < silentUntil) return; // several parts of a page ask at once, and count as one
  failures = hasWorked ? 0 : failures + 1;
  silentUntil = hasWorked ? 0 : Date.now() + Math.min(LONGEST, 1000 * 2 ** failures);
  tellTouch();
}
document.addEventListener("htmx:before:request", (event) => {
  const isPoll = event.detail.ctx.sourceEvent?.type === "every";
  if (isPoll && (!navigator.onLine || Date.now() < silentUntil)) event.preventDefault();
});
document.addEventListener("htmx:after:request", (event) => tried(event.detail.ctx.response.status < 500));
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.request && !event.detail.ctx.response) tried(false);
});
for (const change of ["online", "offline"]) {
  addEventListener(change, () => {
    silentUntil = 0;
    tellTouch();
  });
}

// A picture that does not load makes room for one that needs no loading.

function replace(picture) {
  if (picture.matches("img.cover")) {
    picture.replaceWith(document.querySelector("#blank-cover").content.cloneNode(true));
  } else if (picture.matches("img[data-initial]")) {
    const initial = document.createElement("span");
    initial.className = "initial";
    initial.textContent = picture.dataset.initial;
    picture.replaceWith(initial);
  }
}
document.addEventListener("error", (event) => event.target.matches?.("img") && replace(event.target), true);
for (const picture of document.querySelectorAll("img")) {
  if (picture.complete && picture.src && !picture.naturalWidth) replace(picture); // before this script came
}
