package sluice.pod.resources_test

import data.sluice.pod.resources as rule

found(containers) := result if {
	result := {one.msg | some one in rule.warn} with input as {"object": {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}}}
}

test_missing if {
	found([{"name": "web", "image": "x"}]) == {"container web has no memory limit"}
}

test_set if {
	found([{"name": "web", "image": "x", "resources": {"limits": {"memory": "64Mi"}}}]) == set()
}

test_nameless if {
	found([{"image": "x"}]) == {"a container has no memory limit"}
}
