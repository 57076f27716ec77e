// On every page, which works without it.
(() => {
  "use strict";

  // Prevents a second click while the first is in progress. The form's key alone ensures that it pays once.
  const busy = (button, on) => {
    if (!button) return;
    if (on && button.dataset.busy) {
      button.dataset.idle = button.textContent;
      button.textContent = button.dataset.busy;
    } else if (!on && button.dataset.idle) {
      button.textContent = button.dataset.idle;
    }
    button.setAttribute("aria-disabled", on ? "true" : "false");
  };
  window.portal = { busy };

  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      busy(event.submitter, true);
    });
    // The back button may show the page as it was left.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((button) => busy(button, false));
    });
  }

  // A link is opened when its page is shown. A prerendered page has not been shown yet.
  const opening = document.querySelector("form[data-open]");
  if (opening) {
    const open = () => opening.requestSubmit();
    if (document.prerendering) document.addEventListener("prerenderingchange", open, { once: true });
    else open();
  }

  // The reader's own time after each moment. Nothing is added where it is the same as UTC.
  const local = document.querySelector("[data-local]");
  if (local) {
    const format = (moment, options) => new Intl.DateTimeFormat(local.dataset.locale, options).format(moment);
    const utcDay = (moment, timeZone) => new Intl.DateTimeFormat("en-CA", { timeZone }).format(moment);
    for (const node of document.querySelectorAll("time[datetime*='T']")) {
      const moment = new Date(node.dateTime);
      if (Number.isNaN(moment.getTime()) || !moment.getTimezoneOffset() || node.closest(".hidden")) continue;
      const sameDay = utcDay(moment) === utcDay(moment, "UTC");
      const text = format(moment, { timeStyle: "short", ...(sameDay ? {} : { dateStyle: "medium" }) });
      const added = document.createElement("span");
      added.className = "local";
      added.textContent = local.dataset.local.replace("{time}", text);
      node.append(" ", added);
      local.textContent = local.dataset.said;
    }
  }
})();
