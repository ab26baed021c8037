// The page after paying: asks until the purchase is written down, then opens
// the product after ten seconds, unless the reader stays.
const box = document.querySelector("[data-success]");
const id = box && (box.dataset.session || new URLSearchParams(location.search).get("session_id"));
const show = (name, on) => {
  for (const el of box.querySelectorAll(`[data-state=${name}]`)) el.hidden = !on;
};

function timer(to) {
  const wrap = box.querySelector("[data-timer]");
  const left = box.querySelector("[data-left]");
  const bar = box.querySelector(".count i");
  const go = box.querySelector("[data-go]");
  if (to) go.href = to;
  wrap.hidden = false;
  let n = 10;
  const tick = setInterval(() => {
    n -= 1;
    left.textContent = String(n);
    bar.style.setProperty("--left", String(1 - n / 10));
    if (n <= 0) {
      clearInterval(tick);
      location.assign(go.href);
    }
  }, 1000);
  const stop = () => { clearInterval(tick); wrap.hidden = true; };
  box.querySelector("[data-stop]").addEventListener("click", stop);
}

function complete(to) {
  show("processing", false);
  show("late", false);
  show("complete", true);
  timer(to);
}

async function poll() {
  for (let i = 0; i < 60; i += 1) {
    try {
      const res = await fetch("/api/checkout/status?session_id=" + encodeURIComponent(id), { headers: { Accept: "application/json" } });
      if (res.ok) {
        const s = await res.json();
        if (s.status === "complete") return complete(s.redirect);
        if (s.status === "expired") return location.reload();
      }
    } catch { /* the next try may get through */ }
    if (i === 12) show("late", true);
    await new Promise((ok) => setTimeout(ok, i < 10 ? 1000 : 3000));
  }
}

if (box && id && box.querySelector("[data-go]")) {
  if (box.dataset.status === "complete") timer(box.dataset.redirect);
  else poll();
}
