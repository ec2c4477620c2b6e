package sluice.pod.host_namespace_test

import data.sluice.pod.host_namespace as rule

paths(spec) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}}
}

test_each if {
	every field in ["hostNetwork", "hostPID", "hostIPC"] {
		paths({field: true}) == {["spec", "jobTemplate", "spec", "template", "spec", field]}
	}
}

test_off if {
	paths({"hostNetwork": false, "hostPID": null}) == set()
}
