package sluice.image.tag_test

import data.sluice.image.tag as rule

digest := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

paths(object) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": object}
}

pod(image) := {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [{"image": image}]}}

at := {["spec", "initContainers", 0, "image"]}

test_latest if {
	paths(pod("nginx:latest")) == at
}

test_no_tag if {
	paths(pod("nginx")) == at
}

test_port_is_no_tag if {
	paths(pod("registry.example.com:5000/nginx")) == at
}

test_version if {
	paths(pod("nginx:1.27.0")) == set()
}

test_digest if {
	paths(pod(concat("", ["nginx@sha256:", digest]))) == set()
}

test_latest_with_digest if {
	paths(pod(concat("", ["nginx:latest@sha256:", digest]))) == set()
}

test_bad_digest if {
	paths(pod("nginx@sha256:abc")) == at
}

test_variable if {
	paths(pod("nginx:${TAG}")) == set()
}

test_helm_without_tag if {
	paths({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "spec": {"values": {"image": {"repository": "nginx"}}}}) == set()
}
