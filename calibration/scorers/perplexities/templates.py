"""A query and its response as one text, for servers that complete texts and know nothing of chats."""

from generation.recipes.recipe import RecipeError, Subject

TEMPLATES = {
    "chatml": "<|im_start|>user\n{query}<|im_end|>\n<|im_start|>assistant\n{response}<|im_end|>\n",
    "plain": "{query}\n\n{response}",
}


def pieces(template: str, subject: Subject) -> tuple[str, str, str]:
    """What stands before the response, the response, and what closes its turn."""
    before, _, rest = TEMPLATES.get(template, template).partition("{query}")
    between, _, closing = rest.partition("{response}")
    return before + subject.query + between, subject.responses[0], closing


def check_template(template: str) -> None:
    """Raises RecipeError for what is neither a template's name nor one."""
    text = TEMPLATES.get(template, template)
    before, found, rest = text.partition("{query}")
    if not found or "{response}" in before or rest.count("{response}") != 1 or "{query}" in rest:
        raise RecipeError(
            f"The template must be one of {', '.join(TEMPLATES)}, or a text of one's own that has {{query}} "
            "once and after it {response} once."
        )
