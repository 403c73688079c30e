"""nulls.wanted"""
