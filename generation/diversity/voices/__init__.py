"""What ways to ask buy of different good answers with as many calls, as many tokens, as much money."""
