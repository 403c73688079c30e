"""nulls.tied_ranks"""
