// Turns two figures beside each other into one picture with a line to drag.
// The range input underneath brings keyboard, touch and screen readers along.
for (const box of document.querySelectorAll("[data-slider]")) {
  const range = box.querySelector("input");
  const move = () => box.style.setProperty("--pos", range.value + "%");
  range.addEventListener("input", move);
  box.classList.add("live");
  move();
}
