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

// At most one opens by itself. The server says when; that it was today is kept
// here as well, because a page may be opened in two tabs.
const now = document.querySelector("dialog[data-open-now]");
const today = new Date().toISOString().slice(0, 10);
if (now) {
  let shown = null;
  try {
    shown = localStorage.getItem("upgrade-shown");
    localStorage.setItem("upgrade-shown", today);
  } catch { /* storage may be off: the server's word stands */ }
  if (shown !== today) now.showModal();
}
