"""What a reader has to know of the order of tasks, on a page and in a terminal alike."""

CHOSEN = "chosen on the same matrix"
IN_SAMPLE = "in-sample, no prediction"

CAUTIONS = (
    "The forgetting of an order is the sum, over each task and each trained after it, of what the second "
    "takes from the first, in shares of the first one’s scale. It is counted at the time: no later gain is "
    "set against it. Effects are taken to add up and to be the same at every stage. The final scores are "
    "then the same for every order: orders differ only in what is forgotten on the way.",
    "Noise counts as forgetting: with noisy effects every order is predicted to forget too much, and the "
    "order that looks best of many looks better than it is. Chosen and measured apart, by draws that split "
    "the matrix’s information in two, its advantage does not owe to that choice.",
    "The question is Omni-Thinker’s (arXiv 2507.14783), an ICLR 2026 submission, not accepted. Its reviewers "
    "objected that its predicted and actual changes correlate weakly, that constant transfer with saturation "
    "makes the order irrelevant, and that the matrix takes about as many trainings as tasks squared. Its "
    "exact equation was not found: B here is ours.",
)
