package sluice.pod.capability_test

import data.sluice.pod.capability as rule

paths(capabilities) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {
		"apiVersion": "v1", "kind": "Pod",
		"spec": {"ephemeralContainers": [{"image": "x", "securityContext": {"capabilities": capabilities}}]},
	}}
}

test_added if {
	count(paths({"add": ["NET_BIND_SERVICE", "SYS_ADMIN", "ALL", 1]})) == 3
}

test_dropped if {
	paths({"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}) == set()
}

test_no_list if {
	count(paths({"add": "ALL"})) == 1
}

test_lower_case if {
	count(paths({"add": ["net_bind_service"]})) == 1
}
