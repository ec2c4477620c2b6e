package sluice.namespace.network_test

import data.sluice.namespace.network as rule

paths(spec) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec}, "tenant": {"name": "a"}}
}

test_everybody if {
	paths({"ingress": [{}]}) == {["spec", "ingress", 0]}
	paths({"ingress": [{"from": [], "ports": [{"port": 80}]}]}) == {["spec", "ingress", 0]}
	paths({"ingress": [{"from": [{"namespaceSelector": {}}]}]}) == {["spec", "ingress", 0, "from", 0]}
	paths({"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}) == {["spec", "ingress", 0, "from", 0]}
	paths({"ingress": [{"from": [{"ipBlock": {"cidr": "::/0"}}]}]}) == {["spec", "ingress", 0, "from", 0]}
}

test_egress if {
	paths({"egress": [{}]}) == {["spec", "egress", 0]}
	paths({"egress": [{"ports": [{"port": 53}]}]}) == set()
}

test_narrow if {
	paths({"ingress": [{"from": [{"podSelector": {}}]}]}) == set()
	paths({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}]}]}) == set()
	paths({"ingress": []}) == set()
}

test_cilium if {
	object := {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "spec": {"ingress": [{"fromEntities": ["world"]}], "enableDefaultDeny": {"ingress": false}}}
	count(rule.deny) == 2 with input as {"object": object, "tenant": {"name": "a"}}
}
