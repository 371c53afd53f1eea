from counterpoint.experiments import spec_findings
from counterpoint.vocabulary import Severity
from experiment_examples import a_spec


def test_a_sound_spec_has_no_findings():
    assert spec_findings(a_spec()) == ()


def test_an_a_a_test_is_allowed_and_said():
    (finding,) = spec_findings(a_spec(set={}))
    assert (finding.code, finding.severity, finding.path) == ("no_op_variant", Severity.WARNING, "variants.1.set")


def test_two_arms_that_set_the_same_are_a_warning():
    variants = [{"key": "control"}, {"key": "one", "set": {"a.x": 2}}, {"key": "two", "set": {"a.x": 2}}]
    (finding,) = spec_findings(a_spec(variants=variants))
    assert (finding.code, finding.path) == ("same_treatment", "variants.2.set")


def test_true_and_one_are_not_the_same_treatment():
    variants = [{"key": "control"}, {"key": "one", "set": {"a.x": 1}}, {"key": "two", "set": {"a.x": True}}]
    assert spec_findings(a_spec(variants=variants)) == ()
