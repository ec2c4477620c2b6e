# METADATA
# title: Network policies that only restrict
# description: A NetworkPolicy that lets everybody in, or out to everywhere, undoes the namespace's default deny.
# custom:
#   remedy: Name who may connect (podSelector, namespaceSelector with labels, or a narrow ipBlock).
package sluice.namespace.network

applies if {
	input.tenant != null
	input.object.kind == "NetworkPolicy"
	startswith(input.object.apiVersion, "networking.k8s.io/")
}

spec := input.object.spec if {
	applies
}

deny contains {"msg": "it lets everybody in", "path": ["spec", "ingress", index]} if {
	some index, rule in spec.ingress
	count(object.get(rule, "from", [])) == 0
}

deny contains {"msg": "it lets everybody in", "path": ["spec", "ingress", index, "from", at]} if {
	some index, rule in spec.ingress
	some at, peer in rule.from
	everybody(peer)
}

deny contains {"msg": "it lets everything out", "path": ["spec", "egress", index]} if {
	some index, rule in spec.egress
	count(object.get(rule, "to", [])) == 0
	count(object.get(rule, "ports", [])) == 0
}

everybody(peer) if {
	peer.namespaceSelector == {}
	object.get(peer, "podSelector", {}) == {}
}

everybody(peer) if {
	endswith(peer.ipBlock.cidr, "/0")
}

everybody({})

# Cilium's and Calico's own kinds have a language of their own; the broad words are refused.
deny contains {"msg": $"fromEntities {entity} lets everybody in", "path": ["spec", "ingress", index, "fromEntities", at]} if {
	input.tenant != null
	startswith(input.object.apiVersion, "cilium.io/")
	some index, rule in input.object.spec.ingress
	some at, entity in rule.fromEntities
	entity in {"all", "world", "cluster"}
}

deny contains {"msg": "enableDefaultDeny is turned off", "path": ["spec", "enableDefaultDeny", direction]} if {
	input.tenant != null
	startswith(input.object.apiVersion, "cilium.io/")
	some direction in ["ingress", "egress"]
	input.object.spec.enableDefaultDeny[direction] == false
}
