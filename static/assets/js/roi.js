// The calculator: packs against Studio for a number of pictures, with every
// step of the arithmetic on the page.
for (const box of document.querySelectorAll("[data-roi]")) {
  const d = box.dataset;
  const range = box.querySelector("input");
  const out = box.querySelector("output");
  const cell = (name) => box.querySelector(`[data-sum=${name}]`);
  const fmt = new Intl.NumberFormat("en", { style: "currency", currency: d.currency, minimumFractionDigits: 0, maximumFractionDigits: 2 });
  const money = (minor) => fmt.format(minor / 100);
  const perPack = Number(d.packCredits), packMinor = Number(d.packMinor);
  const perMonth = Number(d.studioCredits), studioMinor = Number(d.studioMinor);
  const draw = () => {
    const n = Number(range.value);
    const packs = Math.ceil(n / perPack);
    const more = Math.max(0, Math.ceil((n - perMonth) / perPack));
    const a = packs * packMinor;
    const b = studioMinor + more * packMinor;
    out.textContent = String(n);
    cell("packs-label").textContent = `Packs alone: ${n} ÷ ${perPack}, rounded up, is ${packs}. ${packs} × ${money(packMinor)}`;
    cell("packs").textContent = money(a);
    cell("studio-label").textContent = more
      ? `Studio: ${money(studioMinor)} for ${perMonth}, and ${more} × ${money(packMinor)} for the rest`
      : `Studio: ${perMonth} credits for ${money(studioMinor)}`;
    cell("studio").textContent = money(b);
    cell("diff-label").textContent = a > b ? "Studio costs less, by" : a < b ? "Packs cost less, by" : "No difference";
    cell("diff").textContent = money(Math.abs(a - b));
  };
  range.addEventListener("input", draw);
  draw();
}
