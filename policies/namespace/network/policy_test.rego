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

test_everybody_in_other_words if {
	paths({"ingress": [{"from": null}]}) == {["spec", "ingress", 0]}
	every peer in [
		{"namespaceSelector": {}, "podSelector": null},
		{"namespaceSelector": {"matchLabels": null, "matchExpressions": []}},
		{"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}},
		{"namespaceSelector": {"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["y"]}]}},
		{"ipBlock": {"cidr": "128.0.0.0/1"}},
		{"ipBlock": {"cidr": "0.0.0.0/00"}},
		{"ipBlock": {"cidr": "2000::/3"}},
	] {
		paths({"ingress": [{"from": [{"podSelector": {}}, peer]}]}) == {["spec", "ingress", 0, "from", 1]}
	}
}

test_egress_in_other_words if {
	paths({"egress": [{"to": null, "ports": null}]}) == {["spec", "egress", 0]}
	paths({"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}) == {["spec", "egress", 0, "to", 0]}
	paths({"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}]}) == set()
	paths({"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}]}) == set()
}

test_egress if {
	paths({"egress": [{}]}) == {["spec", "egress", 0]}
	paths({"egress": [{"ports": [{"port": 53}]}]}) == set()
}

test_narrow if {
	paths({"ingress": [{"from": [{"podSelector": {}}]}]}) == set()
	paths({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}]}]}) == set()
	paths({"ingress": [{"from": [{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["b"]}]}}]}]}) == set()
	paths({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}) == set()
	paths({"ingress": []}) == set()
}

test_cilium if {
	object := {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "spec": {"ingress": [{"fromEntities": ["world"]}], "enableDefaultDeny": {"ingress": false}}}
	count(rule.deny) == 2 with input as {"object": object, "tenant": {"name": "a"}}
}
