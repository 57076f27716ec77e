// The inside of the Payment Element's frame: labelled fields in the page's language and in the appearance that the page
// gives (https://docs.stripe.com/elements/appearance-api). What is wrong stands below its field.
(() => {
  "use strict";

  const THEMES = {
    stripe: { colorBackground: "#ffffff", colorText: "#30313d", colorPrimary: "#0570de", colorDanger: "#df1b41" },
    flat: { colorBackground: "#f1f1f1", colorText: "#30313d", colorPrimary: "#0570de", colorDanger: "#df1b41" },
    night: { colorBackground: "#30313d", colorText: "#ffffff", colorPrimary: "#85d996", colorDanger: "#fe87a1" },
  };
  const WITH_POSTAL_CODE = new Set(["CA", "GB", "US"]);
  const root = document.documentElement;
  const country = document.getElementById("country");
  const postal = document.getElementById("postal");
  const rules = new CSSStyleSheet();
  document.adoptedStyleSheets = [rules];
  let locale = "en";

  const wantsPostalCode = () => WITH_POSTAL_CODE.has(country.value);
  const fields = () => [...Object.keys(values), ...(wantsPostalCode() ? ["postal"] : [])];
  const codeOf = (name) => {
    if (name === "postal") return postal.value.trim().length < 3 ? "incomplete_zip" : undefined;
    return problemOf(name);
  };

  const showProblem = (name, code) => {
    const input = document.getElementById(name);
    const place = document.getElementById(`${name}-error`);
    input.setAttribute("aria-invalid", code ? "true" : "false");
    input.classList.toggle("Input--invalid", Boolean(code));
    place.dataset.code = code || "";
    place.textContent = code ? message(locale, code) : "";
  };

  const change = () => {
    document.getElementById("postal-field").hidden = !wantsPostalCode();
    const complete = fields().every((name) => !codeOf(name));
    const empty = Object.values(values).every((value) => value === "");
    tell({ type: "change", event: { complete, empty, collapsed: false, value: { type: "card" } } });
  };

  const submit = () => {
    const wrong = fields().filter((name) => {
      showProblem(name, codeOf(name));
      return codeOf(name);
    });
    if (!wrong.length) return { selectedPaymentMethod: "card" };
    document.getElementById(wrong[0]).focus();
    const code = codeOf(wrong[0]);
    return { error: { type: "validation_error", code, message: message(locale, code) } };
  };

  const translate = (wanted) => {
    locale = wanted;
    root.lang = languageOf(locale);
    root.dir = languageOf(locale) === "ar" ? "rtl" : "ltr";
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = message(locale, node.dataset.text);
    for (const node of document.querySelectorAll("[data-code]")) {
      if (node.dataset.code) node.textContent = message(locale, node.dataset.code);
    }
    const names = new Intl.DisplayNames([root.lang], { type: "region" });
    for (const option of country.options) option.textContent = names.of(option.value);
  };

  const dress = ({ theme = "stripe", variables = {}, rules: given = {} }) => {
    root.removeAttribute("style");
    for (const [name, value] of Object.entries({ ...THEMES[theme], ...variables })) {
      root.style.setProperty(`--${name}`, value);
    }
    const css = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const body = (declared) => Object.entries(declared).map(([name, value]) => `${css(name)}: ${value}`).join("; ");
    rules.replaceSync(Object.entries(given).map(([name, declared]) => `${name} { ${body(declared)} }`).join("\n"));
  };

  const fill = ({ address = {} } = {}) => {
    if (address.country) {
      if (![...country.options].some((option) => option.value === address.country)) {
        country.add(new Option(address.country, address.country));
      }
      country.value = address.country;
    }
    if (address.postal_code && !postal.value) postal.value = address.postal_code;
  };

  const typed = follow((input) => {
    showProblem(input.id, input.id === "number" && isWrongNumber() ? "invalid_number" : undefined);
    change();
  });
  country.addEventListener("change", change);
  serve({
    configure: (options) => {
      if (options.defaults) fill(options.defaults);
      if (options.locale) translate(options.locale);
      if (options.appearance) dress(options.appearance);
      document.getElementById("postal-field").hidden = !wantsPostalCode();
      return {};
    },
    submit,
    create: (details) => {
      const found = submit();
      if (found.error) return found;
      const own = { country: country.value, ...(wantsPostalCode() ? { postal_code: postal.value.trim() } : {}) };
      const address = { ...own, ...details.billing.address };
      return create({ ...details, billing: { ...details.billing, address } });
    },
    clear: () => clearAll(typed),
    focus: () => document.getElementById("number").focus(),
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell({ type: "escape", event: {} });
  });
  new ResizeObserver(() => tell({ type: "height", height: root.offsetHeight })).observe(root);
  tell({ type: "loaded" });
})();
