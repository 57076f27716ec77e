// The inside of a card field's frame: it holds what is typed, tells the page only whether that is complete, and makes
// the payment method itself. Fields in frames of their own share their values among these frames, never with the page.
(() => {
  "use strict";

  const query = new URLSearchParams(window.location.search);
  const PARENT = query.get("parent");
  const ONLY = query.get("field");
  const channel = new BroadcastChannel(`card-${query.get("group")}`);
  const values = { number: "", expiry: "", cvc: "" };
  const inputs = [...document.querySelectorAll("[data-field]")];

  const digits = (text) => text.replace(/\D/g, "");
  const tell = (message) => window.parent.postMessage(message, PARENT);

  const passesLuhn = (number) => {
    const sum = [...number].reverse().reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
    return number.length >= 14 && sum % 10 === 0;
  };
  const isComplete = {
    number: () => passesLuhn(digits(values.number)),
    expiry: () => digits(values.expiry).length === 4,
    cvc: () => digits(values.cvc).length >= 3,
  };
  const brand = () => {
    const number = digits(values.number);
    if (/^4/.test(number)) return "visa";
    if (/^(5[1-5]|2[2-7])/.test(number)) return "mastercard";
    return /^3[47]/.test(number) ? "amex" : "unknown";
  };

  const shownFields = ONLY ? [ONLY] : Object.keys(values);

  const error = () => {
    const number = digits(values.number);
    if (!shownFields.includes("number") || number.length < 16 || passesLuhn(number)) return undefined;
    return { type: "validation_error", code: "invalid_number", message: "Your card number is invalid." };
  };

  const change = () => {
    const complete = shownFields.every((name) => isComplete[name]());
    const empty = shownFields.every((name) => values[name] === "");
    const type = shownFields.length === 1 ? {} : { value: { type: "card" } };
    tell({ type: "change", event: { complete, empty, brand: brand(), error: error(), ...type } });
  };

  const format = {
    number: (text) => (digits(text).slice(0, 19).match(/.{1,4}/g) || []).join(" "),
    expiry: (text) => digits(text).slice(0, 4).replace(/^(\d\d)(\d+)/, "$1 / $2"),
    cvc: (text) => digits(text).slice(0, 4),
  };

  const typed = (input) => {
    const name = input.dataset.field;
    input.value = format[name](input.value);
    values[name] = input.value;
    channel.postMessage({ name, value: input.value });
    change();
  };

  const create = async ({ call, key, account, billing }) => {
    const expiry = digits(values.expiry);
    const fields = new URLSearchParams({ type: "card", "card[number]": digits(values.number) });
    fields.set("card[exp_month]", String(Number(expiry.slice(0, 2))));
    fields.set("card[exp_year]", `20${expiry.slice(2)}`);
    fields.set("card[cvc]", digits(values.cvc));
    for (const [name, value] of Object.entries(billing)) {
      if (typeof value === "string" && value) fields.set(`billing_details[${name}]`, value);
    }
    for (const [name, value] of Object.entries(billing.address || {})) {
      if (value) fields.set(`billing_details[address][${name}]`, value);
    }
    tell({ type: "created", call, answer: await send(fields, key, account) });
  };

  const send = async (body, key, account) => {
    if (!Object.keys(values).every((name) => isComplete[name]())) {
      const message = "Your card details are incomplete.";
      return { error: { type: "validation_error", code: "incomplete_number", message } };
    }
    const headers = { Authorization: `Bearer ${key}` };
    if (account) headers["Stripe-Account"] = account;
    try {
      const answer = await (await fetch("/v1/payment_methods", { method: "POST", headers, body })).json();
      return answer.error ? { error: answer.error } : { paymentMethod: answer };
    } catch {
      return { error: { type: "api_connection_error", message: "We are unable to reach Stripe. Please try again." } };
    }
  };

  const clear = () => {
    for (const input of inputs) {
      input.value = "";
      typed(input);
    }
  };

  channel.addEventListener("message", ({ data }) => {
    values[data.name] = data.value;
  });
  window.addEventListener("message", ({ origin, source, data }) => {
    if (source !== window.parent || origin !== PARENT) return;
    if (data.type === "create") create(data);
    if (data.type === "clear") clear();
    if (data.type === "focus") inputs.find((input) => !input.hidden)?.focus();
  });
  for (const input of inputs) {
    input.hidden = ONLY !== null && input.dataset.field !== ONLY;
    input.addEventListener("input", () => typed(input));
    input.addEventListener("focus", () => tell({ type: "focus", event: {} }));
    input.addEventListener("blur", () => tell({ type: "blur", event: {} }));
    // Somebody may have typed while this file was on its way.
    if (input.value) typed(input);
  }
  tell({ type: "ready", event: {} });
})();
