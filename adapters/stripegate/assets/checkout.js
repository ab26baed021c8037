// The checkout page: fills in test cards, shows what a promotion code does, and
// pays without losing what was typed when the bank says no.
"use strict";
const form = document.getElementById("pay-form");
const failure = document.getElementById("failure");
const button = document.getElementById("pay");
const base = "/gateway/c/" + encodeURIComponent(form.dataset.session);

const tell = (message) => {
  if (window.parent !== window) {
    window.parent.postMessage(Object.assign({ gateway: "height" }, message), window.location.origin);
  }
};
const cards = document.querySelector("details.test");
// Fourteen cards would be most of a telephone's page.
if (cards && window.matchMedia("(max-width: 30rem)").matches) cards.open = false;
// The body's own height: the document is never less tall than the frame was.
const measure = () => tell({ height: document.body.getBoundingClientRect().height });
new ResizeObserver(measure).observe(document.body);
tell({ gateway: "page", height: document.body.getBoundingClientRect().height });

const show = (error) => {
  for (const old of form.querySelectorAll("[aria-invalid]")) {
    old.removeAttribute("aria-invalid");
    old.removeAttribute("aria-describedby");
  }
  failure.hidden = !error;
  failure.textContent = error ? error.message : "";
  if (!error) return;
  const field = error.param && form.elements.namedItem(error.param);
  if (field instanceof HTMLInputElement) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", "failure");
    field.focus();
  } else {
    failure.focus();
  }
};

const post = (path, body) =>
  fetch(path, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(body), credentials: "same-origin" });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  const says = button.textContent;
  button.disabled = true;
  button.textContent = "One moment…";
  let gone = false;
  try {
    const response = await post(base + "/pay", new FormData(form));
    const answer = await response.json();
    if (answer.status === "requires_action") {
      gone = true;
      window.location.assign(answer.redirect);
    } else if (answer.status === "complete") {
      gone = true;
      if (answer.redirect) {
        window.top.location.assign(answer.redirect);
      } else {
        tell({ gateway: "complete" });
        window.location.assign(base + "/done");
      }
    } else {
      show(answer.error);
    }
  } catch {
    show({ message: "The shop could not be reached. Nothing was charged. Try again." });
  }
  if (!gone) {
    button.disabled = false;
    button.textContent = says;
  }
});

for (const fill of document.querySelectorAll(".fill")) {
  fill.addEventListener("click", () => {
    const card = form.querySelector('input[name="method"][value="card"]');
    if (card) {
      card.checked = true;
      choose();
    }
    form.elements.number.value = fill.dataset.number.replace(/(.{4})(?=.)/g, "$1 ");
    form.elements.exp.value = "12/34";
    form.elements.cvc.value = fill.dataset.cvc;
    if (!form.elements.name.value) form.elements.name.value = "Test Buyer";
    if (!form.elements.email.value && !form.elements.email.readOnly) form.elements.email.focus();
    else button.focus();
  });
}

function choose() {
  const method = form.querySelector('input[name="method"]:checked');
  document.getElementById("card-fields").hidden = Boolean(method) && method.value !== "card";
}
for (const radio of form.querySelectorAll('input[name="method"]')) {
  radio.addEventListener("change", choose);
}
choose();

const email = form.elements.email;
if (!email.readOnly) {
  email.addEventListener("change", () => {
    if (email.checkValidity()) post(base + "/email", { email: email.value }).catch(() => {});
  });
}

const apply = document.getElementById("apply");
if (apply) {
  const note = document.getElementById("promo-note");
  const before = {
    total: document.getElementById("total").textContent,
    off: document.getElementById("discount").textContent,
    button: button.textContent,
  };
  apply.hidden = false;
  apply.addEventListener("click", async () => {
    const code = form.elements.promo.value.trim();
    let total = before.total;
    let off = "";
    note.textContent = "";
    let free = false;
    if (code) {
      try {
        const response = await post(base + "/promo", { promo: code });
        const answer = await response.json();
        if (response.ok) {
          total = answer.total;
          off = answer.off;
          free = answer.free;
          note.textContent = "Applied: " + answer.off + " off.";
          form.elements.promo.removeAttribute("aria-invalid");
        } else {
          note.textContent = answer.error.message;
          form.elements.promo.setAttribute("aria-invalid", "true");
        }
      } catch {
        note.textContent = "The code could not be checked. Try again.";
      }
    }
    document.getElementById("total").textContent = total;
    document.getElementById("discount").textContent = off;
    document.getElementById("discount-row").hidden = !off;
    button.textContent = off ? before.button.replace(before.total, total) : before.button;
    document.getElementById("payment").hidden = free && !before.button.includes("subscribe");
  });
}
