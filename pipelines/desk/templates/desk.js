/* Keys, as in a mail inbox. Every page works without this. */
(() => {
  const rows = () => [...document.querySelectorAll(".queue a")];
  const typing = e => e.target.closest("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey;
  const move = step => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", e => {
    if (typing(e)) return;
    if (e.key === "j") move(1);
    if (e.key === "k") move(-1);
    if (e.key === "u") document.querySelector("a[rel=up]")?.click();
    if (e.key === "r") {
      const field = document.querySelector(".first-reason");
      if (field) { field.focus(); e.preventDefault(); }
    }
  });
  // a form is sent once, whoever presses twice
  document.addEventListener("submit", e => {
    const button = e.target.querySelector("button[type=submit]");
    setTimeout(() => { if (button) button.disabled = true; setTimeout(() => { if (button) button.disabled = false; }, 4000); }, 0);
  });
})();
