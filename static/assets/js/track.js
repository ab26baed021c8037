// Counts a visit to the prices and a click on a button. Nothing is stored in
// the browser; source and campaign come from the address, in our own words or in
// those of other tools.
const here = new URLSearchParams(location.search);
const source = here.get("source") || here.get("utm_source");
const tagged = here.get("utm_campaign");
const content = here.get("utm_content");
const campaign = here.get("campaign") || (tagged && content ? `${tagged}/${content}` : tagged);

export function track(name, product) {
  const body = JSON.stringify({
    name,
    product: product || undefined,
    source: source || undefined,
    campaign: campaign || undefined,
  });
  fetch("/api/track", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    keepalive: true,
  }).catch(() => {});
}

// Carries on to the checkout whatever says where the visit comes from.
for (const a of document.querySelectorAll('a[href^="/checkout"], a[data-product]')) {
  const to = new URL(a.href);
  for (const key of ["source", "campaign", "link", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]) {
    if (here.has(key) && !to.searchParams.has(key)) to.searchParams.set(key, here.get(key));
  }
  if (to.href !== a.href) a.href = to.href;
}

document.addEventListener("click", (e) => {
  const a = e.target.closest("[data-track]");
  if (a) track(a.dataset.track, a.dataset.product);
});

const seen = new IntersectionObserver((entries) => {
  for (const e of entries) {
    if (!e.isIntersecting) continue;
    seen.unobserve(e.target);
    track(e.target.dataset.view, e.target.dataset.product);
  }
}, { threshold: 0.2 });
for (const el of document.querySelectorAll("[data-view]")) seen.observe(el);
