// On the page that adds balance: the amount that is chosen or typed, and the button that names it.
(() => {
  "use strict";

  for (const input of document.querySelectorAll("[data-chooses]")) {
    input.addEventListener("input", () => {
      const radio = input.form.querySelector(`[value="${input.dataset.chooses}"]`);
      if (radio && input.value) radio.checked = true;
    });
  }

  // The button names what is chosen. What it named is sent along: anything else is shown again before it is charged.
  const paying = document.querySelector("form[data-pays]");
  if (paying) {
    const button = paying.querySelector("button.main");
    const { other, named } = paying.elements;
    const { locale, currency, decimal, pays, saves } = paying.dataset;
    const money = new Intl.NumberFormat(locale, { style: "currency", currency });
    const places = money.resolvedOptions().maximumFractionDigits;
    const plain = new RegExp(`^\\d{1,9}${places ? `(\\${decimal}\\d{1,${places}})?` : ""}$`);
    const after = document.dir === "rtl" ? "\u200e" : ""; // US$, not $US
    const idle = button.textContent;
    const name = () => {
      const chosen = paying.querySelector("[name=amount]:checked");
      const typed = other.value.trim();
      const isTyped = !chosen || chosen.value === "other";
      named.value = isTyped ? (plain.test(typed) ? typed.replace(decimal, ".") : "") : chosen.value;
      if (paying.elements.card.value === "another") button.textContent = saves;
      else if (!named.value) button.textContent = idle;
      else if (isTyped) button.textContent = pays.replace("%s", money.format(named.value) + after);
      else button.textContent = pays.replace("%s", chosen.nextElementSibling.textContent);
    };
    paying.addEventListener("input", name);
    paying.addEventListener("change", name);
    window.addEventListener("pageshow", name);
    name();
  }
})();
