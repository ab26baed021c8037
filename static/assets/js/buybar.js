// Shows the bar with price and button on phones once the hero has left, and
// hides it again where the page ends with the same button.
const bar = document.querySelector("[data-buybar]");
const hero = document.getElementById("hero");
const end = document.getElementById("promise");
if (bar && hero) {
  const inView = new Set([hero]);
  const watch = new IntersectionObserver((entries) => {
    for (const e of entries) {
      if (e.isIntersecting) inView.add(e.target);
      else inView.delete(e.target);
    }
    bar.classList.toggle("shown", inView.size === 0);
  });
  watch.observe(hero);
  if (end) watch.observe(end);
}
