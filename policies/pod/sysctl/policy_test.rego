package sluice.pod.sysctl_test

import data.sluice.pod.sysctl as rule

paths(names) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {
		"apiVersion": "v1", "kind": "Pod",
		"spec": {"securityContext": {"sysctls": [{"name": name, "value": "1"} | some name in names]}},
	}}
}

test_unsafe if {
	paths(["net.ipv4.tcp_syncookies", "kernel.msgmax"]) == {["spec", "securityContext", "sysctls", 1, "name"]}
}

test_slashes if {
	count(paths(["kernel/msgmax"])) == 1
}

test_safe if {
	paths(["kernel.shm_rmid_forced"]) == set()
}
