"""Texts, amounts, numbers and dates for people, in their language, on every surface: portal, mails, paper, spreadsheet.

Owns which languages there are, which one a locale gets, how amounts and dates are written, and the translations:
`languages/<code>/texts.po` has all texts of a language, each once. English is the source: it stands in the code and the
templates that say it, found by `make words` (`infrastructure.words`).

Promises: a surface speaks a language in full or not at all. Where it does not, the text is English, and its amounts and
dates are written as in English. `texts` and `language` never load babel, so functions without texts for people can
import what is marked for translation; `words` and `amounts` load it.
"""
