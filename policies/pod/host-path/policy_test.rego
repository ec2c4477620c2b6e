package sluice.pod.host_path_test

import data.sluice.pod.host_path as rule

test_volume if {
	object := {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"emptyDir": {}}, {"hostPath": {"path": "/etc"}}]}}
	{found.path | some found in rule.deny} == {["spec", "volumes", 1, "hostPath"]} with input as {"object": object}
}

test_custom_kind if {
	object := {"apiVersion": "example.com/v1", "kind": "X", "spec": {"dirs": [{"hostPath": "/var/run/docker.sock"}]}}
	count(rule.deny) == 1 with input as {"object": object}
}

test_other_volumes if {
	object := {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"emptyDir": {}}, {"configMap": {"name": "hostPath"}}]}}
	count(rule.deny) == 0 with input as {"object": object}
}
