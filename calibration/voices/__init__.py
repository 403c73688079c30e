"""Which ways to ask buy more different good answers: the calls behind responses, and a report of them."""
