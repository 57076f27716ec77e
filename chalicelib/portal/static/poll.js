// On pages with payments that move by themselves.
(() => {
  "use strict";

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
