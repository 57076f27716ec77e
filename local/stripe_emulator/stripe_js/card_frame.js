// The inside of a card field's frame: number, expiry and security code, or one of them (`create("card")`, "cardNumber").
(() => {
  "use strict";

  const shownFields = ONLY ? [ONLY] : Object.keys(values);

  const error = () => {
    if (!shownFields.includes("number") || !isWrongNumber()) return undefined;
    return { type: "validation_error", code: "invalid_number", message: MESSAGES.en.invalid_number };
  };

  const change = () => {
    const complete = shownFields.every((name) => isComplete[name]());
    const empty = shownFields.every((name) => values[name] === "");
    const type = shownFields.length === 1 ? {} : { value: { type: "card" } };
    tell({ type: "change", event: { complete, empty, brand: brand(), error: error(), ...type } });
  };

  const typed = follow(change);
  serve({
    create: (details) => {
      if (!firstProblem()) return create(details);
      const message = "Your card details are incomplete.";
      return { error: { type: "validation_error", code: "incomplete_number", message } };
    },
    clear: () => clearAll(typed),
    focus: () => inputs.find((input) => !input.hidden)?.focus(),
  });
  for (const input of inputs) input.hidden = ONLY !== null && input.dataset.field !== ONLY;
  tell({ type: "ready", event: {} });
})();
