// Helps a form along; without it everything works the same. The button says
// that it was heard, and a second press does nothing.
for (const form of document.querySelectorAll("form[data-form]")) {
  form.addEventListener("submit", () => {
    const b = form.querySelector("button[type=submit], button:not([type])");
    if (!b) return;
    b.setAttribute("aria-busy", "true");
    setTimeout(() => { b.disabled = true; });
  });
}
// The first wrong field is where the reader wants to be.
const wrong = document.querySelector("[aria-invalid=true]");
if (wrong) wrong.focus();
// A page that comes back from the history must not stay busy.
addEventListener("pageshow", (e) => {
  if (!e.persisted) return;
  for (const b of document.querySelectorAll("button[aria-busy]")) {
    b.removeAttribute("aria-busy");
    b.disabled = false;
  }
});
