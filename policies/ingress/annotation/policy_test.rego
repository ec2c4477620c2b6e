package sluice.ingress.annotation_test

import data.sluice.ingress.annotation as rule

paths(key, value) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"annotations": {key: value}}}}
}

test_dangerous if {
	every key in [
		"nginx.ingress.kubernetes.io/configuration-snippet", "nginx.ingress.kubernetes.io/server-snippet",
		"nginx.ingress.kubernetes.io/auth-url", "nginx.org/location-snippets", "haproxy.org/backend-config-snippet",
		"traefik.ingress.kubernetes.io/router.middlewares", "nginx.ingress.kubernetes.io/server-alias",
	] {
		paths(key, "x") == {["metadata", "annotations", key]}
	}
}

test_configuration_in_a_value if {
	count(paths("nginx.ingress.kubernetes.io/rewrite-target", "/;\n} location / { proxy_pass http://x; ")) == 1
}

test_harmless if {
	paths("nginx.ingress.kubernetes.io/rewrite-target", "/$1") == set()
	paths("cert-manager.io/cluster-issuer", "x") == set()
	paths("example.com/snippet", "x") == set()
}

test_without_annotations if {
	count(rule.deny) == 0 with input as {"object": {"metadata": {}}}
}
