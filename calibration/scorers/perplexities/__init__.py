"""Perplexity: how little a language model expects a response. Lower is better, 1 the least.

Two definitions, each exp of the mean negative log-likelihood (natural logarithm) of some tokens:

response
    PPL(r | q) = exp(-1/n * sum of log p(r_t | q, r_1 ... r_t-1) over the response's n tokens), where q is the
    query in the model's chat template up to where the response begins, system prompt included. The token that
    ends the turn is not among them. This is the formula of "Artificial Hivemind" (arXiv 2510.22954).
chat
    The same over every token of the templated chat but the first, which nothing comes before: system prompt,
    query, response and markup. This is what that paper's code computes; how expected the query is counts too.
"""
