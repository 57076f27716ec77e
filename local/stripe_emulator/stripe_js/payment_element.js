// The Payment Element and the group that it belongs to (https://docs.stripe.com/js/elements_object). What Stripe does
// not know of options is refused here, where Stripe may only warn.
const GROUP_OPTIONS = ["appearance", "clientSecret", "fonts", "loader", "locale"];
const PAYMENT_OPTIONS = ["business", "defaultValues", "fields", "layout", "paymentMethodOrder", "readOnly", "terms", "wallets"];
const APPEARANCE = ["disableAnimations", "inputs", "labels", "rules", "theme", "variables"];
const THEMES = ["flat", "night", "none", "stripe"];
const VARIABLES = new Set(
  ("accessibleColorOnColorPrimary accordionItemSpacing borderRadius buttonBorderRadius colorBackground colorDanger " +
    "colorPrimary colorSuccess colorText colorTextPlaceholder colorTextSecondary colorWarning focusBoxShadow " +
    "focusOutline fontFamily fontLineHeight fontSize2Xl fontSizeBase fontSizeLg fontSizeSm fontSizeXl fontSizeXs " +
    "fontWeightBold fontWeightLight fontWeightMedium fontWeightNormal gridColumnSpacing gridRowSpacing iconColor " +
    "logoColor spacingUnit tabSpacing").split(" "),
);
const RULE = /^\.(Block|Checkbox|Dropdown|Error|Input|Label|Link|PickerItem|RedirectText|Tab|TabIcon|TabLabel|TermsText)(--\w+)?(:[\w-]+|::[\w-]+)*$/;

const integrationError = (text) => Object.assign(new Error(text), { name: "IntegrationError" });

const checkNames = (given, known, where) => {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length) throw integrationError(`Unrecognized ${where} parameter: ${unknown.join(", ")}.`);
};

const checkAppearance = (appearance) => {
  checkNames(appearance, APPEARANCE, "elements() appearance");
  if (!THEMES.includes(appearance.theme ?? "stripe")) {
    throw integrationError(`Invalid value for elements(): appearance.theme should be one of ${THEMES.join(", ")}.`);
  }
  checkNames(appearance.variables || {}, [...VARIABLES], "appearance.variables");
  for (const selector of Object.keys(appearance.rules || {})) {
    if (!RULE.test(selector)) throw integrationError(`Invalid selector in appearance.rules: ${selector}`);
  }
};

const checkGroup = (options) => {
  if ("paymentMethodTypes" in options) {
    throw integrationError("`paymentMethodTypes` is not supported. Use `allowedPaymentMethodTypes`.");
  }
  checkNames(options, GROUP_OPTIONS, "elements()");
  if (options.locale && !LOCALES.has(options.locale)) {
    throw integrationError(`Invalid value for elements(): locale should be one of ${[...LOCALES].join(", ")}.`);
  }
  checkAppearance(options.appearance || {});
};

class PaymentElement extends Element {
  constructor(group, options) {
    super("payment", group._group, ["payment", "Secure payment input frame"]);
    checkNames(options, PAYMENT_OPTIONS, "elements.create('payment')");
    this._owner = group;
    this._options = options;
    this._isReady = false;
    // Stripe sets the same: the frame is transparent if the page, too, is light or says nothing in a meta element.
    this._frame.style.setProperty("color-scheme", "normal", "important");
  }

  update(options) {
    checkNames(options, PAYMENT_OPTIONS, "element.update()");
    Object.assign(this._options, options);
  }

  async _configure(options) {
    if (this._isReady) await this._ask({ type: "configure", ...options });
  }

  async _load() {
    const { _stripe: stripe, clientSecret, appearance, locale } = this._owner;
    const found = await stripe._retrieve(clientSecret);
    const intent = Object.values(found)[0];
    if (!found.error && !["requires_payment_method", "requires_action", "requires_confirmation"].includes(intent.status)) {
      const text = "This Intent is in a terminal state and cannot be used to initialize Elements.";
      found.error = { type: "invalid_request_error", code: `${intent.object}_unexpected_state`, message: text };
    }
    if (found.error) {
      this._emit("loaderror", { error: found.error });
      return;
    }
    const defaults = this._options.defaultValues?.billingDetails || {};
    await this._ask({ type: "configure", appearance, locale, defaults });
    this._isReady = true;
    this._emit("ready", {});
  }

  _receive(event) {
    if (event.origin !== ORIGIN || event.source !== this._frame.contentWindow) return;
    if (event.data.type === "loaded") this._load();
    else if (event.data.type === "height") this._frame.style.height = `${event.data.height}px`;
    else super._receive(event);
  }
}

class Elements {
  constructor(stripe, options = {}) {
    checkGroup(options);
    this._stripe = stripe;
    this.clientSecret = options.clientSecret;
    this.appearance = options.appearance || {};
    this.locale = options.locale || stripe._locale;
    this._group = `${Date.now()}-${nextNumber()}`;
    this._elements = {};
  }

  create(type, options = {}) {
    if (!["card", "payment", ...Object.keys(SPLIT_FIELDS)].includes(type)) {
      throw new Error(`The Stripe emulator has no element of type ${type}.`);
    }
    if (this._elements[type]) throw integrationError(`Can only create one Element of type ${type} through create().`);
    if (type === "payment" && !this.clientSecret) {
      throw integrationError(
        "In order to create a payment element, you must pass a clientSecret or mode when creating your Elements instance.",
      );
    }
    this._elements[type] = type === "payment" ? new PaymentElement(this, options) : new Element(type, this._group);
    return this._elements[type];
  }

  getElement(type) {
    return this._elements[type] || null;
  }

  update(options) {
    checkNames(options, ["appearance", "locale"], "elements.update()");
    checkGroup(options);
    Object.assign(this, options);
    this._elements.payment?._configure(options);
  }

  async submit() {
    const element = this._elements.payment;
    return element ? element._ask({ type: "submit" }) : {};
  }

  get _cardElement() {
    return this._elements.payment || this._elements.card || this._elements.cardNumber;
  }
}
