// Switches the studio's tabs without a request. Links keep working: the address
// is ?tab= for the server, and a hash is understood as well.
const nav = document.querySelector("[data-tabs]");
if (nav) {
  const links = [...nav.querySelectorAll("[data-tab]")];
  const names = links.map((a) => a.dataset.tab);
  const show = (name) => {
    for (const a of links) {
      const on = a.dataset.tab === name;
      if (on) a.setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
      document.getElementById("panel-" + a.dataset.tab).hidden = !on;
      if (on && "gate" in a.dataset) gate(a.href);
    }
  };
  // A closed tab asks the server what it has to say: the offer speaks of what
  // was asked for, and whether it opens by itself today is decided and kept there.
  let asked = 0;
  const gate = async (href) => {
    const turn = asked += 1;
    try {
      const res = await fetch(href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await res.text(), "text/html").getElementById("upgrade-modal");
      const old = document.getElementById("upgrade-modal");
      if (!fresh || !old || old.open || turn !== asked) return;
      old.replaceWith(fresh);
      if ("openNow" in fresh.dataset && !document.querySelector("dialog[open]")) fresh.showModal();
    } catch { /* the tab itself says what it belongs to */ }
  };
  const wanted = () => {
    const hash = location.hash.slice(1);
    if (names.includes(hash)) return hash;
    const tab = new URLSearchParams(location.search).get("tab");
    return names.includes(tab) ? tab : names[0];
  };
  document.addEventListener("click", (e) => {
    const a = e.target.closest('a[href^="/studio?tab="]');
    if (!a || e.metaKey || e.ctrlKey || e.shiftKey) return;
    const name = new URL(a.href).searchParams.get("tab");
    if (!names.includes(name)) return;
    e.preventDefault();
    history.pushState(null, "", a.href);
    show(name);
  });
  addEventListener("popstate", () => show(wanted()));
  addEventListener("hashchange", () => show(wanted()));
  if (location.hash) show(wanted());
}

// The purchase banner is shown once: a reload has a clean address.
if (document.querySelector("[data-once=purchase]")) {
  const to = new URL(location.href);
  to.searchParams.delete("purchase");
  history.replaceState(null, "", to);
}
