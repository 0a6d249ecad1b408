// A widget whose kernel is gone says so, and takes nothing more.
(box) => {
  const GONE = "The kernel behind this is gone: run the notebook's cells again, " +
    "from the first to this one.";
  const PATIENCE = 2000;  // ms: a lost connection that comes back is unknown for a moment

  const light = box.closest(".jp-NotebookPanel")?.querySelector("[data-status]");
  const lost = () => ["unknown", "dead"].includes(light?.dataset.status);
  const part = () => {
    // The table, the code and the download stay: they need no kernel.
    const asking = ":is(.jupyter-widgets, canvas):not(.widget-box, .widget-html), " +
      ".lab-heads, .lab-places";
    for (const control of box.querySelectorAll(asking)) control.inert = true;
    box.labSay(GONE);
  };
  const look = () => {
    // ipywidgets marks its widgets when a kernel restarts, but not when it is shut down.
    if (box.matches(".jupyter-widgets-disconnected")) part();
    else if (lost()) setTimeout(() => lost() && part(), PATIENCE);
  };
  look();
  new MutationObserver(look).observe(box, { attributeFilter: ["class"] });
  if (light) new MutationObserver(look).observe(light, { attributeFilter: ["data-status"] });
}
