// Choosing a head and a character: the browser marks what Python says was chosen, and
// sends what is clicked, pointed at or reached by the arrow keys.
(box) => {
  const all = (kind) => [...box.querySelectorAll(`.lab-${kind}`)];
  const DWELL = 70;  // ms: a mouse that only passes by chooses nothing
  let now = { head: 0, place: 0 };  // what is chosen, or has been asked for
  let asked = null, kept = null, pointed = -1, count = 0, timer;

  const mark = (element, chosen) => {
    element.setAttribute("aria-pressed", chosen);
    element.tabIndex = chosen ? 0 : -1;  // one stop for Tab, then the arrow keys
  };
  const press = (head, place) => {
    all("head").forEach((element, k) => mark(element, k === head));
    all("place").forEach((element, k) => mark(element, k === place));
  };
  const show = () => {
    const said = box.querySelector(".lab-chosen i");
    if (!said) return;
    const { head, place, shades, percents } = JSON.parse(said.textContent);
    const places = all("place");
    // An answer to an earlier question must not undo what was asked since of this text.
    if (asked === null || count !== places.length || asked === `${head} ${place}`) {
      asked = null;
      now = { head, place };
    }
    count = places.length;
    all("heads").forEach((grid) => grid.style.setProperty("--place", place));
    press(now.head, now.place);
    places.forEach((element, k) => {
      element.classList.toggle("lab-later", k > place);
      element.style.setProperty("--shade", shades[k] ?? 0);
      element.dataset.percent = percents[k] ?? "";
    });
  };
  show();
  new MutationObserver(show).observe(box, { childList: true, subtree: true });

  const ask = (head, place) => {
    clearTimeout(timer);
    if (head === now.head && place === now.place) return;
    now = { head, place };
    press(head, place);  // at once; the shades come with the answer
    asked = `${head} ${place}`;
    const input = box.querySelector(".lab-asked input");
    input.value = asked;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const found = (event, kind) => {
    const element = event.target.closest?.(`.lab-${kind}`);
    return element ? all(kind).indexOf(element) : -1;
  };
  box.addEventListener("click", (event) => {
    const [head, place] = [found(event, "head"), found(event, "place")];
    if (head >= 0) ask(head, now.place);
    if (place >= 0) ask(now.head, kept = place);
  });

  // Pointing shows a character for a moment; what was chosen before comes back.
  box.addEventListener("mousemove", (event) => {
    const place = found(event, "place");
    if (place === pointed) return;
    clearTimeout(timer);
    pointed = place;
    if (place >= 0) timer = setTimeout(() => {
      kept ??= now.place;
      ask(now.head, place);
    }, DWELL);
    else if (!event.target.closest(".lab-places")) back();
  });
  box.addEventListener("mouseleave", () => {
    clearTimeout(timer);
    pointed = -1;
    back();
  });
  const back = () => {
    if (kept !== null) ask(now.head, kept);
    kept = null;
  };

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  box.addEventListener("keydown", (event) => {
    const [across, down] = MOVES[event.key] ?? [];
    const [head, place] = [found(event, "head"), found(event, "place")];
    const combined = event.altKey || event.ctrlKey || event.metaKey;
    if (combined || across === undefined || (head < 0 && place < 0)) return;
    event.preventDefault();
    const [heads, places] = [all("head"), all("place")];
    const width = getComputedStyle(box.querySelector(".lab-heads")).getPropertyValue("--heads");
    const within = (k, list) => Math.max(0, Math.min(k, list.length - 1));
    if (head >= 0) {
      const next = head + across + down * Number(width);
      if (heads[next]) heads[next].focus();
      if (heads[next]) ask(next, now.place);
    } else {
      const next = within(place + across, places);
      places[next].focus();
      ask(within(now.head + down, heads), next);
      if (kept !== null) kept = next;
    }
  });
  // JupyterLab would take the arrow keys to go from cell to cell.
  box.addEventListener("focusin", ({ target }) => {
    if (target.matches(".lab-head, .lab-place"))
      target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
}
