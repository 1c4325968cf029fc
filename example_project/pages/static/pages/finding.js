// The key "/" leads to the search over everything, or into its field. Without a script the link in the header does.

const link = document.querySelector("a.find");
const typing = "input, select, textarea, [contenteditable]";

// A browser may forbid a site to keep anything: then the key works until the next page.
const kept = (() => {
  try {
    return localStorage;
  } catch {
    return {};
  }
})();

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || kept.slash === "off") return;
  if (event.target.closest?.(typing)) return;
  event.preventDefault();
  if (link.hasAttribute("aria-current")) document.querySelector("#q").focus();
  else link.click();
});

const slash = document.querySelector("#slash");
if (slash) {
  slash.checked = kept.slash !== "off";
  slash.closest("p").hidden = false;
  slash.addEventListener("change", () => {
    kept.slash = slash.checked ? "on" : "off";
  });
}
