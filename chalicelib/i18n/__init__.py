"""Texts, amounts, numbers and dates in people's languages, on every surface: portal, mails, paper, spreadsheet.

It owns the list of languages, the choice of one for a locale, the format of amounts and dates, and the translations:
`languages/<code>/texts.po` has all texts of a language, each once. English is the source: it is in the code and the
templates, and `make words` (`infrastructure.words`) extracts it.

It promises: a surface supports a language completely or not at all. If it does not, the text is English, and its
amounts and dates are written as in English. `texts` and `language` never load babel, so functions without texts for
people can import modules with marked texts; `words` and `amounts` load it.
"""
