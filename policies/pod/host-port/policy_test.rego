package sluice.pod.host_port_test

import data.sluice.pod.host_port as rule

paths(ports) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": {"containers": [{"image": "x", "ports": ports}]}}}}}
}

test_taken if {
	paths([{"containerPort": 80}, {"hostPort": 80}]) == {["spec", "template", "spec", "containers", 0, "ports", 1, "hostPort"]}
}

test_text if {
	paths([{"hostPort": "80"}]) == {["spec", "template", "spec", "containers", 0, "ports", 0, "hostPort"]}
	paths([{"hostPort": " 0 "}, {"hostPort": ""}]) == set()
}

test_zero if {
	paths([{"hostPort": 0}]) == set()
}

test_none if {
	paths([{"containerPort": 80}]) == set()
}
