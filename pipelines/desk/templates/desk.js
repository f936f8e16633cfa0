/* Keys, as in a mail inbox. Every page works without this. */
(() => {
  const LETTERS = "abcdef";
  const rows = () => [...document.querySelectorAll(".queue a")];
  const typing = e => e.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select") || e.ctrlKey || e.metaKey || e.altKey;
  const deciding = () => document.querySelector("form.verdict-form");
  const move = step => {
    const all = rows();
    if (!all.length) return;
    // on the first page the list is folded under the items of the work list
    const list = all[0].closest("details");
    if (list) list.open = true;
    const at = all.indexOf(document.activeElement);
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const focus = selector => {
    const field = document.querySelector(selector);
    if (field) field.focus();
    return field;
  };

  // the first six reasons that go with the chosen verdict
  const shown = form => [...form.querySelectorAll(".reuse:not([hidden])")];
  const offer = form => {
    const code = form.querySelector("[name=code]:checked")?.value;
    let left = LETTERS.length;
    for (const chip of form.querySelectorAll(".reuse")) {
      const fits = !code || chip.dataset.code === code;
      chip.hidden = !fits || left < 1;
      if (!chip.hidden) left -= 1;
    }
  };
  const fill = chip => {
    const form = chip.closest("form");
    const radios = [...form.querySelectorAll("[name=code]")];
    form.querySelector(".first-reason").value = chip.dataset.text;
    if (!radios.some(one => one.checked)) {
      radios.find(one => one.value === chip.dataset.code).checked = true;
      offer(form);
    }
    (radios.some(one => one.checked) ? form.querySelector("button[type=submit]") : radios[0]).focus();
  };
  for (const form of document.querySelectorAll("form.verdict-form")) {
    offer(form);
    form.addEventListener("change", () => offer(form));
    form.addEventListener("click", e => {
      const chip = e.target.closest(".reuse");
      if (chip) fill(chip);
    });
  }

  document.addEventListener("keydown", e => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      const form = e.target.closest("form.act") || deciding();
      if (form) form.requestSubmit();
      return;
    }
    if (typing(e)) return;
    if (e.key === "j") move(1);
    if (e.key === "k") move(-1);
    if (e.key === "u") document.querySelector("a[rel=up]")?.click();
    if (e.key === "n") document.querySelector("a[rel=next]")?.click();
    if (e.key === "z") document.querySelector("button.undo")?.click();
    if (e.key === "x") e.target.closest("li")?.querySelector("[name=case]")?.click();
    if (e.key === "r" && focus(".first-reason")) e.preventDefault();
    if (e.key === "/" && focus("#q")) e.preventDefault();
    const form = deciding();
    if (!form) return;
    form.querySelectorAll("[name=code]")[Number(e.key) - 1]?.click();
    const chip = LETTERS.includes(e.key) && shown(form)[LETTERS.indexOf(e.key)];
    if (chip) fill(chip);
  });
  // a file leaves the page open, with what it showed before: load it again
  const saved = () => document.cookie.match(/schoolbell-saved=(\w+)/)?.[1];
  document.addEventListener("submit", () => {
    const before = saved();
    const wait = setInterval(() => { if (saved() && saved() !== before) { clearInterval(wait); location.reload(); } }, 300);
    setTimeout(() => clearInterval(wait), 60000);
  });
  // a form is sent once, even when the button is pressed twice
  document.addEventListener("submit", e => {
    const button = e.target.querySelector("button[type=submit]");
    setTimeout(() => { if (button) button.disabled = true; setTimeout(() => { if (button) button.disabled = false; }, 4000); }, 0);
  });
})();
