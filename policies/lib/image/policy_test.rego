package sluice.lib.image_test

import data.sluice.lib.image

digest := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

cases := [
	{"text": "nginx", "repository": "docker.io/library/nginx", "tag": ""},
	{"text": "nginx:1.27", "repository": "docker.io/library/nginx", "tag": "1.27"},
	{"text": "acme/web:v1", "repository": "docker.io/acme/web", "tag": "v1"},
	{"text": "ghcr.io/acme/web", "repository": "ghcr.io/acme/web", "tag": ""},
	{"text": "localhost/web:v1", "repository": "localhost/web", "tag": "v1"},
	{"text": "registry.example.com:5000/web", "repository": "registry.example.com:5000/web", "tag": ""},
	{"text": "registry.example.com:5000/a/web:v1", "repository": "registry.example.com:5000/a/web", "tag": "v1"},
	{"text": concat("", ["ghcr.io/acme/web@sha256:", digest]), "repository": "ghcr.io/acme/web", "tag": ""},
	{"text": concat("", ["ghcr.io/acme/web:v1@sha256:", digest]), "repository": "ghcr.io/acme/web", "tag": "v1"},
]

test_parts if {
	every case in cases {
		image.repository(case.text) == case.repository
		image.tag_of(case.text) == case.tag
	}
}

test_pinned if {
	image.pinned(concat("", ["a@sha256:", digest]))
}

test_short_digest if {
	not image.pinned("a@sha256:abc")
}

test_upper_case_digest if {
	not image.pinned(concat("", ["a@sha256:", upper(digest)]))
}

test_helm_values if {
	values := {"image": {"registry": "ghcr.io", "repository": "acme/web", "tag": "latest"}, "sidecar": {"image": {"repository": "x/y"}}}
	object := {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "spec": {"values": values}}
	found := {reference.text | some reference in image.references} with input as {"object": object}
	found == {"ghcr.io/acme/web:latest", "x/y"}
}
