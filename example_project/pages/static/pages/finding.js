// The key "/" leads to the search over everything, or into its field. Without a script the link in the header does.

const link = document.querySelector("a.find");
const typing = "input, select, textarea, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(typing)) return;
  event.preventDefault();
  if (link.hasAttribute("aria-current")) document.querySelector("#q").focus();
  else link.click();
});
