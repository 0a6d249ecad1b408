// What ipywidgets, bqplot and ipycanvas leave out, for those who listen to a page or do
// not use a mouse. Every widget of the workbook runs it on itself: see accessible.py.
(box) => {
  const set = (element, name, value) => {
    // Only what differs, or the observer below would run forever.
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  const text = (element) => element?.textContent.trim() ?? "";

  const fix = () => {
    for (const slider of box.querySelectorAll(".widget-slider")) {
      const name = text(slider.querySelector(".widget-label"));
      const readout = slider.querySelector(".widget-readout");
      const handle = slider.querySelector(".noUi-handle");
      set(handle, "aria-label", name);
      // noUiSlider would say the exponent of a logarithmic slider.
      set(handle, "aria-valuetext", text(readout));
      set(readout, "role", "textbox");
      set(readout, "aria-label", `${name}, typed`);
    }
    for (const play of box.querySelectorAll(".widget-play")) {
      const name = text(play.parentElement.querySelector(".widget-label"));
      const [start, stop] = play.querySelectorAll("button");
      set(start, "aria-label", `Play or pause ${name}`);
      set(stop, "aria-label", `Stop and rewind ${name}`);
    }
    for (const chart of box.querySelectorAll(".lab-chart")) {
      set(chart, "role", "img");
      set(chart, "aria-label", text(chart.querySelector(".mainheading")));
    }
    for (const canvas of box.querySelectorAll("canvas.lab-paper")) {
      set(canvas, "role", "img");
      const scene = box.matches(".lab-scene");
      set(canvas, "aria-label", scene
        ? "Digits and boxes, as the status line says; the button Add one puts a digit there"
        : "Your drawing: arrow keys draw, with Shift they only move");
      // No key does anything on a scene: what a click does, its button does, too.
      if (scene) set(canvas, "tabindex", "-1");
    }
    // A square of a board shows a sign or a share: its title says where, too.
    for (const square of box.querySelectorAll(".lab-square"))
      set(square, "aria-label", square.title);
    // The status line says the same in words.
    for (const bar of box.querySelectorAll(".lab-progress")) set(bar, "aria-hidden", "true");
    // A live region is announced only if it was there before its text: the role goes to
    // the element that stays.
    for (const line of box.querySelectorAll(
      ".widget-html-content > :is([role=status], [role=timer])")) {
      set(line.parentElement, "role", line.getAttribute("role"));
      line.removeAttribute("role");
    }
  };
  fix();
  new MutationObserver(fix).observe(box, {
    childList: true, subtree: true, attributeFilter: ["aria-valuetext", "title"],
  });

  // Say a sentence of the browser's own above the status line's, or take it back.
  box.labSay = (sentence) => {
    const line = box.querySelector(
      ".widget-html-content:is([role=status], [role=timer])");
    line?.querySelector(".lab-said")?.remove();
    if (!line || !sentence) return;
    const said = document.createElement("div");
    said.className = "lab-said";
    said.textContent = sentence;
    set(line, "role", "status");
    line.prepend(said);
  };

  box.addEventListener("keydown", (event) => {
    const drawn = event.target.matches("canvas.lab-paper");
    // ipycanvas keeps every key to itself: Tab could not leave it.
    if (drawn && !event.key.startsWith("Arrow")) event.stopPropagation();
  }, true);
  box.addEventListener("wheel", (event) => {
    // ipycanvas keeps the wheel, too: the page would not scroll.
    if (event.target.matches("canvas.lab-paper")) event.stopPropagation();
  }, { capture: true, passive: true });
  // JupyterLab uses arrow keys to go from cell to cell. It must not take them from a
  // control that was reached by the keyboard.
  box.addEventListener("focusin", ({ target }) => {
    if (target.matches(":is(.noUi-handle, select, canvas):focus-visible"))
      set(target, "data-lm-suppress-shortcuts", "true");
    else target.removeAttribute("data-lm-suppress-shortcuts");
  });
}
