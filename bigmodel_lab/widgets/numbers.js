// What is typed into a slider's number box is taken as it is, or refused in words.
(box) => {
  const KINDS = { whole: "whole numbers", real: "numbers", power: "numbers" };
  const refusal = (name, kind, low, high, typed) =>
    `${name} takes ${KINDS[kind]} from ${low} to ${high}: ` +
    (typed ? `${typed} was not taken.` : "nothing was typed.");

  // A decimal comma, commas between thousands, 1/10 and a typographic minus are read.
  const numberIn = (typed, whole) => {
    const signed = typed.replace("−", "-");
    const plain = whole ? signed.replace(/,(?=\d{3}(\D|$))/g, "") : signed;
    const pointed = plain.replace(/^([-+]?\d*),(\d+(e[-+]?\d+)?)$/i, "$1.$2");
    const [, above, below = 1] = pointed.match(/^([^/]+)(?:\/([^/]+))?$/) ?? [];
    return Number(above) / Number(below);
  };

  const take = (readout) => {
    const control = readout.closest(".widget-slider");
    const kind = Object.keys(KINDS).find((k) => control.matches(`.lab-${k}`));
    if (!kind) return;
    const slider = control.querySelector(".noUi-target").noUiSlider;
    const ends = [slider.options.range.min, slider.options.range.max];
    const [low, high] = ends.map((end) =>
      Number((kind === "power" ? 10 ** end : end).toPrecision(12)));
    const typed = readout.textContent.trim();
    const number = numberIn(typed, kind === "whole");
    const taken = low <= number && number <= high &&
      (kind !== "whole" || Number.isInteger(number));
    if (readout.labTyped) {
      const name = control.querySelector(".widget-label").textContent.trim();
      box.labSay(taken ? "" : refusal(name, kind, low, high, typed));
    }
    // For what is no number ipywidgets puts the old value back, unrounded.
    readout.textContent = readout.labTyped && taken ? number : "";
    readout.labTyped = false;
    // noUiSlider would move what ipywidgets hands on to the nearest step.
    if (!slider.labSet) {
      slider.labSet = slider.set;
      slider.set = (value) => slider.labSet(value, true, true);
    }
  };
  const readout = (event) => event.target.closest?.(".widget-readout");
  box.addEventListener("input", (event) => {
    if (readout(event)) readout(event).labTyped = true;
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && readout(event)) take(event.target);
  }, true);
  // ipywidgets takes a number only at Enter.
  const enter = { key: "Enter", keyCode: 13, bubbles: true };
  box.addEventListener("blur", (event) => {
    if (readout(event)?.labTyped) event.target.dispatchEvent(new KeyboardEvent("keydown", enter));
  }, true);
}
