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
	nothing(object.get(rule, "from", null))
}

deny contains {"msg": "it lets everybody in", "path": ["spec", "ingress", index, "from", at]} if {
	some index, rule in spec.ingress
	some at, peer in rule.from
	everybody(peer)
}

deny contains {"msg": "it lets everything out", "path": ["spec", "egress", index]} if {
	some index, rule in spec.egress
	nothing(object.get(rule, "to", null))
	nothing(object.get(rule, "ports", null))
}

deny contains {"msg": "it lets everything out", "path": ["spec", "egress", index, "to", at]} if {
	some index, rule in spec.egress
	nothing(object.get(rule, "ports", null))
	some at, peer in rule.to
	wide(peer)
	nothing(object.get(peer.ipBlock, "except", null))
}

# A list or map that is absent, null or empty means the same to the API server: no bound at all.
nothing(null)

nothing([])

nothing({})

everybody(peer) if {
	is_object(peer.namespaceSelector)
	unbounded(peer.namespaceSelector)
	unbounded(object.get(peer, "podSelector", null))
}

everybody(peer) if wide(peer)

everybody({})

# Blocks of more than a 256th of all addresses; two halves are as good as the whole.
wide(peer) if regex.match(`/0*[0-7]$`, peer.ipBlock.cidr)

# A selector that names no value is met by everything: Exists, DoesNotExist and NotIn can be.
unbounded(null)

unbounded(selector) if {
	nothing(object.get(selector, "matchLabels", null))
	expressions := object.get(selector, "matchExpressions", null)
	not names_value(expressions)
}

names_value(expressions) if {
	some expression in expressions
	expression.operator == "In"
}

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
