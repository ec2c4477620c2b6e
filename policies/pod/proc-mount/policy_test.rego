package sluice.pod.proc_mount_test

import data.sluice.pod.proc_mount as rule

denied(value) := result if {
	result := count(rule.deny) with input as {"object": {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [{"image": "x", "securityContext": {"procMount": value}}]}}}
}

test_unmasked if {
	denied("Unmasked") == 1
}

test_other if {
	denied("unmasked") == 1
}

test_default if {
	denied("Default") == 0
}
