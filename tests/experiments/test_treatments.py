from counterpoint.experiments import treatment_findings
from counterpoint.vocabulary import Severity
from experiment_examples import a_spec, a_surface

SURFACE = a_surface()
BASELINE = {key: parameter.baseline for key, parameter in SURFACE.parameters.items()}


def findings(values, **baseline):
    given = {key.replace("_", "."): value for key, value in baseline.items()}
    spec = a_spec(set=values)
    return {
        (finding.path, finding.code): finding
        for finding in treatment_findings(spec, surface=SURFACE, baseline={**BASELINE, **given})
    }


def test_a_treatment_that_changes_something_is_accepted():
    assert findings({"a.x": 5}) == {}


def test_a_treatment_that_is_the_baseline_is_refused():
    found = findings({"a.x": 1, "b.x": 1})
    assert found["variants.1.set", "no_op_treatment"].severity is Severity.ERROR
    assert set(found) == {("variants.1.set", "no_op_treatment")}


def test_one_idle_value_among_others_is_a_warning():
    found = findings({"a.x": 1, "b.x": 5})
    assert found["variants.1.set.a.x", "value_is_baseline"].severity is Severity.WARNING


def test_a_value_without_what_it_requires_is_refused_with_the_mend():
    found = findings({"c.size": 0.9})
    assert found["variants.1.set.c.size", "requires_unmet"].fix == {"variants.1.set.c.on": True}


def test_what_is_required_may_come_from_the_treatment_or_from_the_baseline():
    assert findings({"c.size": 0.9, "c.on": True}) == {}
    assert findings({"c.size": 0.9}, c_on=True) == {}


def test_an_unknown_parameter_is_refused_by_name():
    assert ("variants.1.set.z.z", "unknown_parameter") in findings({"z.z": 2})


def test_the_baseline_is_a_change_where_a_rule_sets_something_else():
    spec = a_spec(set={"a.x": 1})
    assert treatment_findings(spec, surface=SURFACE, baseline=BASELINE, ruled={"a.x"}) == ()
