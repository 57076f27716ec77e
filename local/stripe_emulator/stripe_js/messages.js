// What Stripe's fields say, by language, and Stripe's list of locales (https://docs.stripe.com/js/appendix/supported_locales).
// A locale of that list whose texts are not here is shown in English.
const LOCALES = new Set(
  ("auto ar bg cs da de el en en-AU en-CA en-GB en-NZ es es-419 et fi fil fr fr-CA he hr hu id it ja ko lt lv ms mt nb " +
    "nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW").split(" "),
);
const MESSAGES = {
  en: {
    number: "Card number", expiry: "Expiration date", cvc: "Security code", country: "Country", postal: "Postal code",
    incomplete_number: "Your card number is incomplete.", invalid_number: "Your card number is invalid.",
    incomplete_expiry: "Your card's expiration date is incomplete.",
    incomplete_cvc: "Your card's security code is incomplete.", incomplete_zip: "Your postal code is incomplete.",
    api_connection_error: "We are unable to reach Stripe. Please try again.",
    terms: "By providing your card information, you allow this business to charge your card for future payments.",
  },
  de: {
    number: "Kartennummer", expiry: "Ablaufdatum", cvc: "Sicherheitscode", country: "Land", postal: "Postleitzahl",
    incomplete_number: "Ihre Kartennummer ist unvollständig.", invalid_number: "Ihre Kartennummer ist ungültig.",
    incomplete_expiry: "Das Ablaufdatum Ihrer Karte ist unvollständig.",
    incomplete_cvc: "Der Sicherheitscode Ihrer Karte ist unvollständig.",
    incomplete_zip: "Ihre Postleitzahl ist unvollständig.",
    api_connection_error: "Stripe ist nicht erreichbar. Bitte versuchen Sie es erneut.",
    terms: "Mit der Angabe Ihrer Kartendaten erlauben Sie diesem Unternehmen, Ihre Karte für künftige Zahlungen zu belasten.",
    card_declined: "Ihre Karte wurde abgelehnt.", insufficient_funds: "Ihre Karte ist nicht ausreichend gedeckt.",
    expired_card: "Ihre Karte ist abgelaufen.", incorrect_cvc: "Der Sicherheitscode Ihrer Karte ist falsch.",
    processing_error: "Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten. Bitte versuchen Sie es erneut.",
    setup_intent_authentication_failure: "Wir konnten Ihre Zahlungsmethode nicht authentifizieren.",
  },
  fr: {
    number: "Numéro de carte", expiry: "Date d’expiration", cvc: "Code de sécurité", country: "Pays", postal: "Code postal",
    incomplete_number: "Le numéro de votre carte est incomplet.", card_declined: "Votre carte a été refusée.",
  },
  es: {
    number: "Número de tarjeta", expiry: "Fecha de caducidad", cvc: "Código de seguridad", country: "País",
    postal: "Código postal", incomplete_number: "El número de tu tarjeta está incompleto.",
    card_declined: "Tu tarjeta ha sido rechazada.",
  },
  pt: {
    number: "Número do cartão", expiry: "Data de validade", cvc: "Código de segurança", country: "País", postal: "CEP",
    incomplete_number: "O número do seu cartão está incompleto.", card_declined: "Seu cartão foi recusado.",
  },
  ar: {
    number: "رقم البطاقة", expiry: "تاريخ انتهاء الصلاحية", cvc: "رمز الأمان", country: "البلد", postal: "الرمز البريدي",
    incomplete_number: "رقم بطاقتك غير مكتمل.", card_declined: "تم رفض بطاقتك.",
  },
};

const languageOf = (locale) => (locale === "auto" ? navigator.language : locale).split("-")[0];
const message = (locale, key) => MESSAGES[languageOf(locale)]?.[key] ?? MESSAGES.en[key];

// An error of the API in the language of the page, as Stripe.js shows it; what has no text there stays as it came.
const translated = (locale, error) => {
  const text = message(locale, error.decline_code) ?? message(locale, error.code) ?? message(locale, error.type);
  return text ? { ...error, message: text } : error;
};
