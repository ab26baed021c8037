// Moves the demo's clock and lists what ran on the way.
import { toast } from "./toast.js";

const form = document.querySelector("[data-clock]");
if (form) {
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const by = e.submitter.value;
    for (const b of form.elements) b.disabled = true;
    try {
      const res = await fetch(form.action, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(by === "next" ? { to: by } : { by }),
      });
      const data = await res.json();
      if (!res.ok) throw new Error(data.detail);
      const ran = document.querySelector("[data-ran]");
      ran.textContent = (data.ran || []).map((r) => `${r.at}  ${r.job}  ${r.processed}`).join("\n") || "No job fell due.";
      ran.hidden = false;
      document.querySelector("[data-now]").textContent = data.now;
    } catch (err) {
      toast(err.message || "The clock did not move.");
    }
    for (const b of form.elements) b.disabled = false;
  });
}
