// Opens the billing portal.
import { toast } from "./toast.js";

async function post(url, body) {
  const res = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const data = await res.json().catch(() => ({}));
  if (!res.ok) throw new Error(data.detail || "That did not work. Nothing was changed. Try again in a minute.");
  return data;
}

function wire(selector, run) {
  for (const form of document.querySelectorAll(selector)) {
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      const b = form.querySelector("button");
      b.setAttribute("aria-busy", "true");
      b.disabled = true;
      try {
        location.assign(await run(form));
      } catch (err) {
        toast(err.message);
        b.removeAttribute("aria-busy");
        b.disabled = false;
      }
    });
  }
}

wire("form[data-billing]", async (form) => (await post(form.action, {})).url);
