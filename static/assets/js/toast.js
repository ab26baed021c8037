// A sentence at the edge of the screen that leaves by itself.
export function toast(text, action, run) {
  const home = document.getElementById("toasts");
  const el = document.createElement("div");
  el.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  el.append(words);
  if (action) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = action;
    b.addEventListener("click", () => { el.remove(); run(); });
    el.append(b);
  }
  home.append(el);
  const timer = setTimeout(() => el.remove(), action ? 10000 : 5000);
  el.addEventListener("pointerenter", () => clearTimeout(timer));
  el.addEventListener("pointerleave", () => setTimeout(() => el.remove(), 2000));
}

document.addEventListener("click", (e) => {
  const b = e.target.closest("[data-toast]");
  if (b) toast(b.dataset.toast);
});
