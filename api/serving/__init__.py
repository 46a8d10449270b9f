"""From a question to an answer: the same for widgets, pages and e-mail."""
