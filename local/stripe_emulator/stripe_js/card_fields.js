// What is typed into the fields of a frame, and what becomes of it: the page learns only whether it is complete, and the
// frame makes the payment method itself. Fields in frames of their own share their values among these frames.
const query = new URLSearchParams(window.location.search);
const PARENT = query.get("parent");
const ONLY = query.get("field");
const channel = new BroadcastChannel(`card-${query.get("group")}`);
const values = { number: "", expiry: "", cvc: "" };
const inputs = [...document.querySelectorAll("input[data-field]")];

const digits = (text) => text.replace(/\D/g, "");
const tell = (content) => window.parent.postMessage(content, PARENT);

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
const isWrongNumber = () => digits(values.number).length >= 16 && !isComplete.number();

const format = {
  number: (text) => (digits(text).slice(0, 19).match(/.{1,4}/g) || []).join(" "),
  expiry: (text) => digits(text).slice(0, 4).replace(/^(\d\d)(\d+)/, "$1 / $2"),
  cvc: (text) => digits(text).slice(0, 4),
};

// Return the code of what is missing or wrong, of all fields or of one.
const problemOf = (name) => {
  if (name === "number" && isWrongNumber()) return "invalid_number";
  return isComplete[name]() ? undefined : `incomplete_${name}`;
};
const firstProblem = () => Object.keys(values).map(problemOf).find(Boolean);

const post = async (body, key, account) => {
  const headers = { Authorization: `Bearer ${key}` };
  if (account) headers["Stripe-Account"] = account;
  try {
    const answer = await (await fetch("/v1/payment_methods", { method: "POST", headers, body })).json();
    return answer.error ? { error: answer.error } : { paymentMethod: answer };
  } catch {
    return { error: { type: "api_connection_error", message: MESSAGES.en.api_connection_error } };
  }
};

const create = ({ key, account, billing }) => {
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
  return post(fields, key, account);
};

// Answer the page's messages by type; what a handler returns is sent back.
const serve = (handlers) => {
  window.addEventListener("message", async ({ origin, source, data }) => {
    if (source !== window.parent || origin !== PARENT || !handlers[data.type]) return;
    const answer = await handlers[data.type](data);
    if (data.call) tell({ type: "answer", call: data.call, answer });
  });
};

// Follow what is typed into the fields; `changed` is called with the field after each change.
const follow = (changed) => {
  const typed = (input) => {
    const name = input.dataset.field;
    if (name in format) {
      input.value = format[name](input.value);
      values[name] = input.value;
      channel.postMessage({ name, value: input.value });
    }
    changed(input);
  };
  for (const input of inputs) {
    input.addEventListener("input", () => typed(input));
    input.addEventListener("focus", () => tell({ type: "focus", event: {} }));
    input.addEventListener("blur", () => tell({ type: "blur", event: {} }));
    // Somebody may have typed while this file was on its way.
    if (input.value) typed(input);
  }
  channel.addEventListener("message", ({ data }) => {
    values[data.name] = data.value;
  });
  return typed;
};

const clearAll = (typed) => {
  for (const input of inputs) {
    input.value = "";
    typed(input);
  }
};
