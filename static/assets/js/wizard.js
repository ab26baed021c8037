// The wizard works without this. With it: the keyboard is where the question
// is, Enter goes on, and own words and prints keep out of each other's way.
const form = document.querySelector("form[data-wizard]");
// A greeting in the address is said once.
const here = new URL(location.href);
if (here.searchParams.has("purchase")) {
  here.searchParams.delete("purchase");
  history.replaceState(null, "", here);
}
if (form) {
  const own = form.querySelector("[name=own]");
  const ownChoice = form.querySelector("[name=choice][value=own]");
  const prints = [...form.querySelectorAll("[name=choice]")].filter((r) => r !== ownChoice);
  const keys = form.querySelector("[data-keys]");
  const send = () => form.requestSubmit();

  if (prints.length) {
    const wrong = form.querySelector("[aria-invalid=true]");
    if (!wrong) (form.querySelector("[name=choice]:checked") || prints[0]).focus({ preventScroll: true });
    own.addEventListener("input", () => { if (own.value) ownChoice.checked = true; });
    for (const r of prints) r.addEventListener("change", () => { own.value = ""; });
    ownChoice.addEventListener("change", () => own.focus());
    keys.textContent = "Arrow keys choose, Enter goes on.";
  } else if (own.tagName === "TEXTAREA") {
    const list = "list" in own.dataset;
    own.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.isComposing) return;
      if (list ? !(e.ctrlKey || e.metaKey) : e.shiftKey) return;
      e.preventDefault();
      send();
    });
    keys.textContent = list ? "Ctrl and Enter goes on." : "Enter goes on, Shift and Enter begins a new line.";
  } else {
    keys.textContent = "Enter goes on.";
  }
  keys.hidden = false;
  // Where nothing else takes them, the arrows turn the page.
  addEventListener("keydown", (e) => {
    if (e.altKey || e.ctrlKey || e.metaKey || e.target.closest("input, textarea, select")) return;
    const to = { ArrowLeft: "[data-back]", ArrowRight: "[data-forward]" }[e.key];
    const link = to && form.querySelector(to);
    if (link) link.click();
  });
}
