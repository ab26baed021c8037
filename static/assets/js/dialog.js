// Opens a dialog by its id; a link that names one keeps its address for
// browsers without scripts. A click beside the dialog closes it.
document.addEventListener("click", (e) => {
  const opener = e.target.closest("[data-open]");
  if (opener) {
    const d = document.getElementById(opener.dataset.open);
    if (d) {
      e.preventDefault();
      for (const other of document.querySelectorAll("dialog[open]")) other.close();
      d.showModal();
    }
    return;
  }
  if (e.target instanceof HTMLDialogElement) e.target.close();
});

// At most one opens by itself, at most once a day: the server keeps count, so
// that nothing has to be kept here.
const now = document.querySelector("dialog[data-open-now]");
if (now) now.showModal();
