"""Which order of tasks keeps a model able to diverge: a table of scores after stages of training, asked."""
