package sluice.image.registry_test

import data.sluice.image.registry as rule

input_of(image, registries) := {
	"object": {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": image}]}},
	"limits": {"registries": registries},
}

denied(image, registries) := result if {
	result := count(rule.deny) with input as input_of(image, registries)
}

test_allowed if {
	denied("ghcr.io/acme/web:1", ["ghcr.io/acme"]) == 0
}

test_exact if {
	denied("ghcr.io/acme/web:1", ["ghcr.io/acme/web"]) == 0
}

test_other if {
	denied("ghcr.io/other/web:1", ["ghcr.io/acme"]) == 1
}

test_boundary if {
	denied("ghcr.io/acme-evil/web:1", ["ghcr.io/acme"]) == 1
}

test_hub if {
	denied("nginx:1", ["ghcr.io/acme"]) == 1
}

test_hub_allowed if {
	denied("nginx:1", ["docker.io/library"]) == 0
}

test_not_configured if {
	denied("nginx:1", null) == 0
}

test_none_allowed if {
	denied("nginx:1", []) == 1
}

test_variable if {
	count(rule.warn) == 1 with input as input_of("${REGISTRY}/web:1", ["ghcr.io/acme"])
	denied("${REGISTRY}/web:1", ["ghcr.io/acme"]) == 0
}
