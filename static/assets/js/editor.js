// Spares the reader of the desk's editors some pressing: the letter is drawn
// while it is written, and a rule grows without a new page. Without it every
// button does the same.
const form = document.querySelector("[data-editor]");
const press = document.querySelector("[data-proof]");
const home = document.querySelector("[data-proof-frame]");

// A letter is drawn into a new frame, which takes the place of the old one when
// it is there: nothing flickers, and the way back does not fill with letters.
let n = 0;
function draw() {
  if (document.querySelector("iframe[data-coming]")) return void (again = true);
  const old = home.querySelector("iframe");
  const next = old.cloneNode();
  next.name = `proof-${++n}`;
  next.dataset.coming = "";
  next.hidden = true;
  home.append(next);
  next.addEventListener("load", () => {
    if (!next.dataset.asked) return;
    old.remove();
    next.hidden = false;
    delete next.dataset.coming;
    next.name = "proof";
    if (again) { again = false; draw(); }
  });
  press.formTarget = next.name;
  next.dataset.asked = "yes";
  form.requestSubmit(press);
  press.formTarget = "proof";
}
let again = false;
let timer;
if (press && home) {
  document.addEventListener("input", (e) => {
    if (e.target.form !== form) return;
    clearTimeout(timer);
    timer = setTimeout(draw, 500);
  });
  draw();
}

// Counting and building a rule happen in place.
document.addEventListener("submit", async (e) => {
  const b = e.submitter;
  if (!e.target.matches("[data-swap]") || !b || b.name !== "do" || b.value === "save") return;
  e.preventDefault();
  const body = new URLSearchParams(new FormData(e.target, b));
  b.setAttribute("aria-busy", "true");
  try {
    const res = await fetch(e.target.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await res.text(), "text/html");
    const fresh = page.querySelector("[data-swap]");
    if (!fresh) throw new Error();
    const where = b.value.split(" ")[1];
    e.target.replaceWith(fresh);
    // What was added is to be filled in next: it is the last part of its group.
    const parts = where && b.value.startsWith("add ") ? [...fresh.querySelectorAll(`[name^="${CSS.escape(where)}-"][name$="-kind"]`)] : [];
    const added = parts.at(-1)?.closest("fieldset")?.querySelector("input:not([type=hidden]), select");
    const focus = added || (where && fresh.querySelector(`[name="${CSS.escape(`${where}-add`)}"]`));
    (focus || fresh.querySelector(`button[name="do"][value="${CSS.escape(b.value)}"]`) || fresh.querySelector("button")).focus();
  } catch {
    e.target.submit();
  }
});

// The zone of whoever writes is a better guess than ours.
for (const zone of document.querySelectorAll("[data-zone]")) {
  const list = zone.list;
  if (list && Intl.supportedValuesOf) {
    list.replaceChildren(...Intl.supportedValuesOf("timeZone").map((z) => Object.assign(document.createElement("option"), { value: z })));
  }
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone.value === "UTC" && own) zone.value = own;
}
