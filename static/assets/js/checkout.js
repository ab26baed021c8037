// The checkout page: asks our server for a session, then mounts the payment
// service's form in this page. Nothing leads away until it is paid.
import { track } from "./track.js";

const form = document.querySelector("[data-checkout]");
const mount = document.getElementById("checkout-mount");
const failed = document.getElementById("checkout-error");
const status = document.getElementById("checkout-status");
const waiting = document.getElementById("checkout-waiting");
let current = null;

function load(src) {
  if (window.Stripe) return Promise.resolve();
  return new Promise((ok, no) => {
    const s = document.createElement("script");
    s.src = src;
    s.onload = ok;
    s.onerror = () => no(new Error("The payment service did not answer. Check your connection, or switch off a blocker for this page."));
    document.head.append(s);
  });
}

async function open() {
  const d = form.dataset;
  const answers = form.elements;
  const consent = { immediate: answers.immediate?.checked ?? false, version: d.version };
  const here = new URLSearchParams(location.search);
  if (answers.nomail) consent.marketing = answers.nomail.checked ? "no" : "yes";
  const res = await fetch(d.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({
      product: d.product,
      promo: d.promo || undefined,
      source: d.source || undefined,
      campaign: d.campaign || undefined,
      link: d.link || undefined,
      resume: d.resume || undefined,
      medium: here.get("utm_medium") || undefined,
      term: here.get("utm_term") || undefined,
      session: here.get("session") || undefined,
      consent,
    }),
  });
  const data = await res.json().catch(() => ({}));
  if (res.status === 401) {
    location.assign("/auth/login?returnTo=" + encodeURIComponent(location.pathname + location.search));
    return null;
  }
  if (res.status === 409 && data.portalUrl) {
    location.assign(data.portalUrl);
    return null;
  }
  if (!res.ok) throw new Error(data.detail || "Our server did not answer. Nothing was charged. Try again in a minute.");
  return data;
}

async function begin() {
  failed.hidden = true;
  const button = form.querySelector("button[type=submit]");
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  status.textContent = "Opening the payment form";
  waiting.hidden = false;
  try {
    const session = await open();
    if (!session) return;
    await load(form.dataset.script);
    const stripe = window.Stripe(form.dataset.key);
    const make = (stripe.createEmbeddedCheckoutPage || stripe.initEmbeddedCheckout).bind(stripe);
    if (current) current.destroy();
    current = await make({ fetchClientSecret: async () => session.clientSecret });
    mount.hidden = false;
    current.mount("#checkout-mount");
    form.hidden = true;
    status.textContent = "";
    track("checkout_start", form.dataset.product);
    mount.scrollIntoView({ block: "nearest" });
  } catch (err) {
    status.textContent = "";
    failed.querySelector("[data-message]").textContent = err.message;
    failed.hidden = false;
    failed.querySelector("[data-retry]").focus();
  } finally {
    waiting.hidden = true;
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

if (form) {
  form.addEventListener("submit", (e) => { e.preventDefault(); begin(); });
  failed.querySelector("[data-retry]").addEventListener("click", begin);
}
