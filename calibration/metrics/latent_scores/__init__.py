"""nulls.latent_scores"""
