(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  // pages without charts have no palettes to paint them with
  var held = document.getElementById("palettes");
  var palettes = held && JSON.parse(held.textContent);
  var wants = window.matchMedia("(prefers-color-scheme: dark)");

  function isDark() {
    var chosen = root.getAttribute("data-theme");
    return chosen ? chosen === "dark" : wants.matches;
  }

  function painted(value) {
    if (typeof value === "string") {
      var role = palettes.roles[value];
      return role && isDark() ? palettes.dark[role] : value;
    }
    if (Array.isArray(value)) { return value.map(painted); }
    if (value && typeof value === "object") {
      var copy = {};
      Object.keys(value).forEach(function (key) { copy[key] = painted(value[key]); });
      return copy;
    }
    return value;
  }

  function draw(figure) {
    var plot = figure.querySelector(".plot");
    var spec = JSON.parse(figure.querySelector("script").textContent);
    figure.classList.add("drawn");
    window.Plotly.react(plot, painted(spec.data), painted(spec.layout), spec.config);
  }

  function each(selector, action) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), action);
  }

  // The library is large. It is asked for when somebody moves towards a chart; until
  // then the drawing of the same chart stands there, as it does without scripts.
  var waiting = [];
  var asked = false;

  function work() {
    var figure = waiting.shift();
    if (!figure) { return; }
    draw(figure);
    window.setTimeout(work, 0);
  }

  function wanted(figure) {
    waiting.push(figure);
    if (window.Plotly) { work(); return; }
    var place = document.querySelector("meta[name=chart-library]");
    if (asked || !place) { return; }
    asked = true;
    var script = document.createElement("script");
    script.src = place.content;
    script.addEventListener("load", work);
    document.head.appendChild(script);
  }

  function charts() {
    // a phone keeps the drawing, which has a layout of its own for it
    if (window.matchMedia("(max-width: 600px)").matches) { return; }
    // without data of its own a drawing stays what it is
    if (!window.IntersectionObserver) { each(".chart:has(script)", wanted); return; }
    var near = new IntersectionObserver(function (seen) {
      seen.forEach(function (entry) {
        if (!entry.isIntersecting) { return; }
        near.unobserve(entry.target);
        wanted(entry.target);
      });
    }, { rootMargin: "400px" });
    each(".chart:has(script)", function (figure) { near.observe(figure); });
  }

  function onceMoved(action) {
    var kinds = ["scroll", "pointermove", "pointerdown", "keydown", "touchstart"];
    function moved() {
      kinds.forEach(function (kind) { window.removeEventListener(kind, moved); });
      action();
    }
    kinds.forEach(function (kind) {
      window.addEventListener(kind, moved, { passive: true });
    });
  }

  function remembered(theme) {
    try {
      if (theme) { window.localStorage.setItem("schoolbell-theme", theme); }
      return window.localStorage.getItem("schoolbell-theme");
    } catch (refused) {
      return null;
    }
  }

  function repaint() {
    each(".theme", function (button) {
      button.textContent = isDark() ? "{{ _("Light") }}" : "{{ _("Dark") }}";
    });
    each(".drawn", draw);
  }

  // Tables that are whole can be sorted by a column and filtered; both need this
  // script, which makes the buttons itself: without it a table is as it was written.
  var LONG_ENOUGH = 10;

  function value(row, place) {
    var cell = row.cells[place];
    var text = cell.getAttribute("data-order") || cell.textContent.trim();
    var number = Number(text.replace(/,/g, ""));
    return text && !isNaN(number) ? number : text.toLowerCase();
  }

  function compare(a, b) {
    if (typeof a === typeof b) { return a < b ? -1 : Number(a > b); }
    return typeof a === "number" ? -1 : 1;
  }

  function sorted(table, heads, place) {
    var isUp = heads[place].getAttribute("aria-sort") === "descending";
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, at) {
      return { row: row, at: at, value: value(row, place) };
    });
    rows.sort(function (a, b) {
      return (isUp ? 1 : -1) * compare(a.value, b.value) || a.at - b.at;
    });
    rows.forEach(function (one) { body.appendChild(one.row); });
    heads.forEach(function (head) { head.removeAttribute("aria-sort"); });
    heads[place].setAttribute("aria-sort", isUp ? "ascending" : "descending");
  }

  function sortable(table) {
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (head, place) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      button.textContent = head.textContent;
      button.addEventListener("click", function () { sorted(table, heads, place); });
      head.textContent = "";
      head.appendChild(button);
    });
  }

  function filterable(table) {
    var box = table.parentNode;
    var field = document.createElement("input");
    var label = document.createElement("label");
    field.type = "search";
    field.autocomplete = "off";
    field.addEventListener("input", function () { keep(table, field.value); });
    label.className = "filter";
    label.textContent = "{{ _("Show rows with") }}";
    label.appendChild(field);
    box.parentNode.insertBefore(label, box);
  }

  function keep(table, text) {
    var wanted = text.trim().toLowerCase();
    Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
      row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0;
    });
  }

  // A search field in what is folded up makes the browser lay that out at once, to know
  // whether the field can be filled; so a folded table gets its controls when opened.
  function tables() {
    each("table.whole", function (table) {
      if (!table.tHead || table.tBodies[0].rows.length < LONG_ENOUGH) { return; }
      var folded = table.closest("details:not([open])");
      function equip() { sortable(table); filterable(table); }
      if (folded) { folded.addEventListener("toggle", equip, { once: true }); }
      else { equip(); }
    });
  }

  function ready() {
    each(".theme", function (button) {
      button.addEventListener("click", function () {
        var theme = isDark() ? "light" : "dark";
        root.setAttribute("data-theme", theme);
        remembered(theme);
        repaint();
      });
    });
    each(".search input", function (field) {
      field.addEventListener("input", function () {
        keep(document.querySelector(".weeks table"), field.value);
      });
    });
    tables();
    wants.addEventListener("change", repaint);
    repaint();
    onceMoved(charts);
  }

  var before = remembered();
  if (before === "dark" || before === "light") { root.setAttribute("data-theme", before); }
  document.addEventListener("DOMContentLoaded", ready);
  window.addEventListener("beforeprint", function () {
    each("details:not(.closed)", function (more) { more.open = true; });
  });
}());
