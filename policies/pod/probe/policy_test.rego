package sluice.pod.probe_test

import data.sluice.pod.probe as rule

found(kind, container) := result if {
	result := count(rule.warn) with input as {"object": {"apiVersion": "apps/v1", "kind": kind, "spec": {"template": {"spec": {"containers": [container]}}}}}
}

test_missing if {
	found("Deployment", {"name": "c", "image": "x", "ports": [{"containerPort": 1}]}) == 1
}

test_set if {
	found("Deployment", {"name": "c", "image": "x", "ports": [{"containerPort": 1}], "readinessProbe": {"httpGet": {}}}) == 0
}

test_without_ports if {
	found("Deployment", {"name": "c", "image": "x"}) == 0
}

test_replica_set if {
	found("ReplicaSet", {"name": "c", "image": "x", "ports": [{"containerPort": 1}]}) == 0
}
