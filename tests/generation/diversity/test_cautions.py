from generation.diversity.cautions import caution


def test_few_queries_are_cautioned_with_what_simulations_found_and_many_are_not():
    assert caution(1) is caution(40) is None
    assert "somewhat narrow: with 20," in caution(39) and "95 % for a mean similarity" in caution(39)
    assert "far too narrow: with 2," in caution(2) and "50 % for a mean similarity" in caution(2)
    assert "a centred gap of 11 queries is up to 10 % too large" in caution(11)
