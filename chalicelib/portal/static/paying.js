// On pages with payments: the button that names the amount, and payments that move by themselves.
(() => {
  "use strict";

  // The button names what is chosen. What it named is sent along: anything else is shown again before it is charged.
  const paying = document.querySelector("form[data-pays]");
  if (paying) {
    const button = paying.querySelector("button.main");
    const { other, named } = paying.elements;
    const { locale, currency, decimal, pays, saves } = paying.dataset;
    const money = new Intl.NumberFormat(locale, { style: "currency", currency });
    const places = money.resolvedOptions().maximumFractionDigits;
    const plain = new RegExp(`^\\d{1,9}${places ? `(\\${decimal}\\d{1,${places}})?` : ""}$`);
    const idle = button.textContent;
    const name = () => {
      const chosen = paying.querySelector("[name=amount]:checked");
      const typed = other.value.trim();
      const isTyped = !chosen || chosen.value === "other";
      named.value = isTyped ? (plain.test(typed) ? typed.replace(decimal, ".") : "") : chosen.value;
      if (paying.elements.card.value === "another") button.textContent = saves;
      else if (!named.value) button.textContent = idle;
      else if (isTyped) button.textContent = pays.replace("%s", money.format(named.value));
      else button.textContent = pays.replace("%s", chosen.nextElementSibling.textContent);
    };
    paying.addEventListener("input", name);
    paying.addEventListener("change", name);
    window.addEventListener("pageshow", name);
    name();
  }

  // Payments that have not ended are asked about while the page is seen: less and less often, and not for ever. The
  // answer is what the table says; only the button asks Stripe.
  const FIRST_MS = 2000, SLOWEST_MS = 30000, LONGEST_MS = 10 * 60 * 1000;
  const polled = [...document.querySelectorAll("[data-poll]")];
  if (polled.length) {
    const told = document.createElement("p");
    told.className = "hidden";
    told.setAttribute("aria-live", "polite");
    document.querySelector("main").append(told);
    document.querySelectorAll("[data-poll] p.needs-script").forEach((text) => { text.hidden = false; });
    const until = Date.now() + LONGEST_MS;
    let wait = FIRST_MS;
    let timer = 0;
    let asking = false;
    let over = false;
    const ask = async () => {
      asking = true;
      over = await look();
      asking = false;
      wait = Math.min(wait * 1.5, SLOWEST_MS);
      later();
    };
    const look = async () => {
      for (const node of polled) {
        const answer = await fetch(node.dataset.poll, { credentials: "same-origin" }).catch(() => null);
        if (answer && answer.status >= 400 && answer.status < 500) return true;
        const found = answer && answer.ok ? await answer.json().catch(() => null) : null;
        if (found && found.state !== node.dataset.state) {
          told.textContent = found.text;
          setTimeout(() => window.location.replace(window.location.pathname), 1000);
          return true;
        }
      }
      return false;
    };
    const later = () => {
      clearTimeout(timer);
      if (!over && !asking && !document.hidden && Date.now() < until) timer = setTimeout(ask, wait);
    };
    document.addEventListener("visibilitychange", later);
    later();
  }
})();
