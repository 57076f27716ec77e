// Lets a day of a chart be chosen by mouse, touch and keyboard. Without it, the table below has the same values.
(() => {
  "use strict";

  const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -Infinity, End: Infinity };

  for (const chart of document.querySelectorAll("figure.chart")) {
    const bars = chart.querySelector(".bars");
    const slots = [...chart.querySelectorAll(".slot")];
    const amounts = [...chart.querySelectorAll(".legend b")];
    const totals = amounts.map((each) => each.textContent);
    const names = [...chart.querySelectorAll("thead th")].slice(2).map((each) => each.textContent);
    const caption = chart.querySelector(".chosen");
    // The browser would show the titles beside the values that are shown anyway.
    const texts = slots.map((slot) => {
      const title = slot.querySelector("title");
      title.remove();
      return title.textContent;
    });
    let place = slots.length - 1;

    const valuesOf = (number) => {
      const row = chart.querySelector(`tr[data-place="${number}"]`);
      return row ? [...row.querySelectorAll("td")].slice(1).map((cell) => cell.textContent) : amounts.map(() => "–");
    };

    const choose = (number) => {
      slots[place].classList.remove("chosen-slot");
      place = Math.min(Math.max(number, 0), slots.length - 1);
      slots[place].classList.add("chosen-slot");
      const values = valuesOf(place);
      caption.textContent = texts[place];
      amounts.forEach((each, index) => { each.textContent = values[index]; });
      const parts = names.map((name, index) => `${name} ${values[index]}`).filter((_, index) => values[index] !== "–");
      bars.setAttribute("aria-valuenow", String(place));
      bars.setAttribute("aria-valuetext", [texts[place], ...parts].join(", "));
    };

    const leave = () => {
      slots[place].classList.remove("chosen-slot");
      caption.textContent = "";
      amounts.forEach((each, index) => { each.textContent = totals[index]; });
    };

    const chooseAt = (event) => {
      const box = bars.getBoundingClientRect();
      choose(Math.floor(((event.clientX - box.left) / box.width) * slots.length));
    };

    // Forced to be read in the order of time, whatever the direction of the page's text.
    for (const [name, value] of Object.entries({
      tabindex: "0", role: "slider", "aria-label": bars.dataset.label, "aria-valuemin": "0",
      "aria-valuemax": String(slots.length - 1), "aria-valuenow": String(place), "aria-valuetext": texts[place],
    })) bars.setAttribute(name, value);
    caption.hidden = false;
    bars.addEventListener("pointermove", chooseAt);
    bars.addEventListener("pointerdown", chooseAt);
    bars.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== bars) leave();
    });
    bars.addEventListener("focus", () => choose(place));
    bars.addEventListener("blur", leave);
    bars.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      choose(place + KEYS[event.key]);
    });
  }
})();
