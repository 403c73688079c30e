"""distribution.refits"""
