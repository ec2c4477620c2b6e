package sluice.pod.privileged_test

import data.sluice.pod.privileged as rule

paths(context) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {
		"apiVersion": "v1", "kind": "Pod",
		"spec": {"containers": [{"image": "x", "securityContext": context}]},
	}}
}

at(field) := {["spec", "containers", 0, "securityContext", field]}

test_privileged if {
	paths({"privileged": true}) == at("privileged")
}

test_escalation if {
	paths({"allowPrivilegeEscalation": true}) == at("allowPrivilegeEscalation")
}

test_host_process if {
	count(paths({"windowsOptions": {"hostProcess": true}})) == 1
}

test_false_is_fine if {
	paths({"privileged": false, "allowPrivilegeEscalation": false}) == set()
}

test_helm_values if {
	object := {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "spec": {"values": {"web": {"containerSecurityContext": {"privileged": "true"}}}}}
	count(rule.deny) == 1 with input as {"object": object}
}
